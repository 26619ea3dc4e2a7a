# Telegram だけで使う言葉。$style はスタイルの名前、$count は枚数。

telegram-start =
    こんにちは！ 写真をもとに、日本のアニメ映画のような手描き風の絵を描きます。描くのは人ではなく、機械です。

    写真を送ってください。説明文にスタイルの名前を書くこともできます。いつものスタイルはここで選べます。
telegram-help =
    写真、アルバム、画像ファイルを送ってください。絵にしてお返しします。
    説明文にスタイルと強さを書けます。例：「水彩 80%」
    写真にスタイルの名前で返信すると、そのスタイルで描きます。
    グループでは、写真に添えて、または写真への返信で、私の名前を呼んでください。

    /styles スタイルの一覧
    /style いつものスタイルを選ぶ
    /again 最後の写真をもう一度描く
    /me プロフィール写真を描く
    /status 順番を見る
    /cancel 写真を取り下げる
    /language 言語を選ぶ
    /privacy 何を保存しているか
    /forget すべて消す
telegram-hint = 写真を送ってください。絵にしてお返しします。詳しくは /help をどうぞ。
telegram-no-face = プロフィール写真が見えませんでした。かわりに写真を送ってください。
telegram-privacy =
    写真は、絵をお届けするとすぐに消します。絵は、下のボタンが使えるように数日だけ残し、その後消します。
    撮影した場所や機器の情報が絵に入ることはありません。
    /forget ですべてをすぐに消せます。

## お待ちの間と、そのあと。

telegram-received = { $count ->
    [1] 写真を受け取りました。
   *[other] 写真を { $count } 枚受け取りました。
}
telegram-not-painted = この写真は描けませんでした。
telegram-ready = 絵ができました。
telegram-painted-below = { $count ->
    [1] できました。絵は下にあります ↓
   *[other] できました。{ $count } 枚の絵は下にあります ↓
}
telegram-in-doubt = { $count ->
   *[other] 絵を送りましたが、途中で通信が切れ、届いたかどうか分かりません。届いていなければボタンを押してください。
}
telegram-no-pictures-here = このチャットには画像を送れないため、ここに絵をお見せできません。
telegram-not-taken = 絵はできましたが、Telegram が受け付けなかったため、ここにお見せできません。申し訳ありません。
telegram-guest-needs-chat = 絵はできましたが、まだここに届けられません。一度私とのチャットを開いてから、もう一度どうぞ。{ $link }
telegram-cancelled = 取り下げました。
telegram-cancelled-all = { $count ->
   *[other] { $count } 件の写真を取り下げました。
}
telegram-cancel-none = お待ちの写真はありません。
telegram-cancel-late = もう描き上がっています。
telegram-cancel-not-yours = 取り下げられるのは、写真を送った方だけです。
telegram-status-none = お待ちの写真はありません。写真を送ってください！
telegram-photo-gone = その写真はもう残っていません。もう一度送ってください。
telegram-compared = 写真と、その絵

## ボタン。

telegram-softer = やわらかく
telegram-stronger = 強く
telegram-again = もう一度
telegram-original = 最高画質
telegram-compare = 前と後
telegram-cancel = やめる
telegram-resend = もう一度送る
telegram-inline-start = はじめての写真を描く

## お好み。

telegram-style-which = いつものスタイルはどれにしますか？
telegram-style-unknown = そのスタイルは知りません。描けるのはこちらです。
telegram-style-set = これからは、ほかのスタイルの名前がなければ「{ $style }」で描きます。
telegram-language = どの言語がよいですか？
telegram-language-name = 日本語
telegram-language-set = これからは日本語でお話しします。
telegram-forget = 保存しているものをすべて消しますか？ お待ちの写真は取り下げます。
telegram-forget-yes = すべて消す
telegram-forget-never = すべて消し、私の写真は今後描かない
telegram-forget-no = 残しておく
telegram-forgot-yes = すべて消しました。
telegram-forgot-never = すべて消しました。あなたが投稿した写真は、今後描きません。
telegram-forgot-no = 何も消していません。

## グループの管理者へ。

telegram-groups-only = これはグループの設定です。
telegram-admins-only = 変更できるのは、このグループの管理者だけです。
telegram-group-style-set = このグループでは、ほかのスタイルの名前がなければ「{ $style }」で描きます。
telegram-cooldown-how = メンバーが次の写真を送れるまでの秒数を書いてください。例：/cooldown 60。0 でなしになります。
telegram-cooldown-set = { $wait_s ->
    [0] メンバーの待ち時間をなくしました。
   *[other] メンバーは次の写真まで{ DURATION($wait_s) }待ちます。
}
telegram-others-how = /others on でほかのメンバーの写真も描けます。/others off で自分の写真だけになります。
telegram-others-on = メンバーは、ほかのメンバーの写真も頼めます。
telegram-others-off = メンバーは、自分の写真だけを頼めます。

## 運営者へ。

telegram-operator-done = できました。
telegram-operator-how =
    /stats
    /pause STAGE [PLATFORM]、/resume STAGE [PLATFORM]（STAGE は { $stages } のどれか）
    /ban ID、/unban ID（ID は利用者の番号、または PLATFORM:ID）

## メニューとプロフィール。

telegram-command-style = いつものスタイルを選ぶ
telegram-command-styles = スタイルの一覧
telegram-command-again = 最後の写真をもう一度描く
telegram-command-me = プロフィール写真を描く
telegram-command-status = 順番を見る
telegram-command-cancel = 写真を取り下げる
telegram-command-language = 言語を選ぶ
telegram-command-privacy = 保存しているもの
telegram-command-forget = すべて消す
telegram-command-help = 使い方
telegram-command-cooldown = メンバーの次の写真までの待ち時間
telegram-command-others = ほかの人の写真を描いてよいか
telegram-description = 写真を送ってください。日本のアニメ映画のような手描き風の絵を、機械が描きます。グループでは、写真への返信で名前を呼んでください。
telegram-short-description = 写真を、日本のアニメ映画のような絵にします。
telegram-by-machine = 機械が描きました
