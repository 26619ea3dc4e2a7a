# どのプラットフォームでも使う言葉。$wait_s は秒。時刻を言えないときは 0。

-formats = JPEG・PNG・WebP・HEIC

## いまは受け取れないとき。何も受け付けず、回数にも数えません。

refused-paused = { $wait_s ->
    [0] いまは筆を休めています。また少しあとでお越しください。
   *[other] いまは筆を休めています。{ DURATION($wait_s) }後にまたお越しください。
}
refused-banned = このアカウントからの写真は、お受けできなくなっています。
refused-opted-out = 「写真を描かないでほしい」とのご希望をいただいているため、お預かりせずにおきます。
refused-forgotten = ご希望のとおり、その件は消去しました。
refused-strikes = { $wait_s ->
    [0] お描きできない種類の写真が続いたため、しばらくお休みをいただいています。
   *[other] お描きできない種類の写真が続いたため、しばらくお休みをいただいています。{ DURATION($wait_s) }後にまたお越しください。
}
refused-cooldown = { $wait_s ->
    [0] まだ絵の具が乾いていません。次の写真は、もう少ししてからどうぞ。
   *[other] まだ絵の具が乾いていません。次の写真は{ DURATION($wait_s) }後にどうぞ。
}
refused-quota = { $wait_s ->
    [0] 今日の分はここまでです。また明日続けましょう。
   *[other] 今日の分はここまでです。{ DURATION($wait_s) }後にまた続けましょう。
}
refused-too-many-open = 先にお預かりした写真をまだ描いています。一枚仕上がったら、もう一度送ってください。
refused-busy-here = { $wait_s ->
    [0] このチャットの写真がすでにたくさん順番を待っています。また少しあとでお試しください。
   *[other] このチャットの写真がすでにたくさん順番を待っています。{ DURATION($wait_s) }後にまたお試しください。
}
refused-busy-address = 同じネットワークからたくさんの写真が届いています。{ DURATION($wait_s) }後にまたお試しください。
refused-too-busy = { $wait_s ->
    [0] 順番待ちがとても長く、いまお預かりするとお待たせしすぎてしまいます。またあとでお越しください。
   *[other] 順番待ちがとても長く、いまお預かりするとお待たせしすぎてしまいます。{ DURATION($wait_s) }後にまたお越しください。
}
refused-own-words = そのような絵は、どなたにもお描きしていません。別のご希望でしたら、喜んでお描きします。今回は回数に数えません。
refused-own-words-script = ご自分の言葉でのご希望は、日本語、英語、スペイン語、ポルトガル語、インドネシア語、ヒンディー語でお願いします。今回は回数に数えません。
refused-storage-full = { $wait_s ->
    [0] いまは写真を置く場所がいっぱいです。また少しあとでお試しください。
   *[other] いまは写真を置く場所がいっぱいです。{ DURATION($wait_s) }後にまたお試しください。
}

## 描けなかったとき。理由を正直に、ひとことで。

apology-empty = ファイルの中身が空でした。もう一度写真を送ってください。
apology-too-heavy = ファイルが重すぎます。お受けできるのは { $limit_mb } MB までです。
apology-web-page = これは画像ではなくウェブページのようです。写真そのものを送ってください。
apology-other-format = { $kind } 形式の画像は開けません。{ -formats } の写真を送ってください。
apology-not-a-photo = { $kind ->
    [audio] これは音声ファイルのようです。{ -formats } の写真を送ってください。
    [document] これは文書ファイルのようです。{ -formats } の写真を送ってください。
    [program] これはプログラムのようです。{ -formats } の写真を送ってください。
    [text] これはテキストファイルのようです。{ -formats } の写真を送ってください。
    [unknown] 見たことのない種類のファイルです。{ -formats } の写真を送ってください。
    [video] これは動画のようです。{ -formats } の写真を送ってください。
   *[other] これは { $kind } ファイルのようです。{ -formats } の写真を送ってください。
}
apology-too-small = 写真が小さすぎて描けません。縦横とも { $limit_px } ピクセル以上必要です。
apology-too-large = 写真が大きすぎます。縦横とも { $limit_px } ピクセルまででお願いします。
apology-too-many-pixels = 写真が大きすぎます。{ $limit_megapixels } メガピクセルまででお願いします。
apology-too-narrow = 写真が細長すぎます。長いほうの辺は、短いほうの { $limit_aspect } 倍まででお願いします。
apology-truncated = 写真の一部が途中で失われてしまったようです。もう一度送ってください。
apology-broken = ファイルが壊れていて開けませんでした。別のコピーでお試しください。
apology-transparent = 全体が透明な画像なので、描くものが見当たりませんでした。
apology-too-hard = このファイルは開くのに負担がかかりすぎます。普通の JPEG で保存し直すとうまくいくはずです。
apology-unsafe-photo = この写真はお描きできません。別の写真でお試しください。
apology-unsafe-picture = この写真からは、お見せできる絵になりませんでした。別の写真でお試しください。
apology-photo-gone = その写真はもう残っていませんでした。もう一度送ってください。
apology-photo-elsewhere = その写真は、受け取りに行けない場所にあります。こちらに直接送ってください。
apology-no-photo = 描く写真が見当たりませんでした。写真を一枚送ってください。
apology-owner-opted-out = この写真の持ち主から「描かないでほしい」とお願いされているため、描かずにおきます。
apology-unknown-style = その画風はもう使えなくなりました。別の画風をお選びください。
apology-our-fault = こちらの不具合で、今回は絵をお届けできませんでした。申し訳ありません。
apology-refunded = 回数には数えていませんので、すぐにもう一度お試しいただけます。

## 絵に添えるひとこと。

note-first-frame = アニメーションでしたので、最初の一コマを描きました。
note-photo-left-out = 描けない写真があったため、描けたものだけをお届けします。
note-words-unused = こちらではお言葉どおりには描けませんでしたので、写真のまま描きました。

## お待ちいただく間。

status-fetch = 写真を拝見しています…
status-queued = { $position }番目です。あと{ DURATION($wait_s) }ほど
status-next = 次の順番です。あと{ DURATION($wait_s) }ほど
status-painting = { $progress ->
    [0] 描いています…
   *[other] 描いています… { NUMBER($progress, style: "percent") }
}
status-paused = いまは描くのを休んでいます。順番はそのままお取りしています。
status-deliver = 絵の具を乾かしています。まもなくお届けします…

## How the bot understood a person's own words. $style is a style's title, $strength 0 to 1.

understood = 承りました：{ $style }、{ NUMBER($strength, style: "percent") }
not-understood = 画風で描き分けるだけで、写真に写っているものは変えられません。
