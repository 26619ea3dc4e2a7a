# ブラウザーのページ。

web-title = 水彩 Suisai ― 写真が絵になります
web-tagline = 写真を一枚お預かりして、手描きアニメの一場面のように描きます。
web-skip = 画架へ移動
web-drop = ここに写真をドロップ、または貼り付け
web-choose = 写真を選ぶ
web-limits = JPEG・PNG・WebP・HEIC、{ $mb } MB まで。一度に { $count } 枚まで
web-chosen = 選んだ写真
web-remove = この写真を外す
web-photo = あなたの写真
web-style = 画風
web-strength = 強さ
web-barely = ほんのり
web-boldest = 大胆に
web-caption = ひとことリクエスト
web-caption-example = やさしく、#水彩、80%…
web-paint = 描いてもらう
web-works = できあがった絵
web-sending = お預かりしています…
web-then = 時間になりましたら、この写真は自動でお預かりします。
web-done = 絵ができあがりました。
web-painting-of = 写真から描いた絵
web-compare = 写真と絵を見くらべる
web-before = 写真
web-after = 絵
web-download = 保存する
web-again = もう一枚
web-softer = やさしく
web-stronger = 強く
web-other-styles = 別の画風で
web-cancel = 取り消す
web-cancelled = 取り消しました。
web-hide = 一覧から消す
web-retry = もう一度試す
web-open = この絵を大きく表示
web-zoom = 原寸で見る
web-close = 閉じる
web-share = 共有する
web-download-all = すべて保存する
web-no-photo = このブラウザーには元の写真が残っていません。
web-too-heavy = 写真が重すぎます。お受けできるのは { $mb } MB までです。
web-too-many = { $count ->
    [one] 一度に一枚まででお願いします。最初の一枚をお預かりしました。
   *[other] 一度に { $count } 枚まででお願いします。はじめの分だけお預かりしました。
}
web-offline = 接続が途切れています。何も失われていませんので、つながるまでお待ちください。
web-upload-failed = 写真が届きませんでした。もう一度お試しください。
web-unreachable = いま画架に手が届きません。少し待ってからもう一度お試しください。
web-lost = この絵はもう手元にありません。
web-privacy = お預かりした写真は、絵が仕上がるとすぐに消去します。見くらべるための控えは、このブラウザーの中だけに残ります。描いているのは人ではなく機械です。
web-language = 言語
web-forget = データを消去する
web-forget-question = ここにある写真と絵を、すべて完全に消去しますか。
web-forget-yes = はい、消去します
web-forget-no = いいえ、残します
web-forgotten = すべて消去しました。
web-noscript = 写真をお預かりするには JavaScript が必要です。
