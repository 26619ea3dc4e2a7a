# The page in the browser.

web-title = Suisai: photos become paintings
web-tagline = Give me a photo, and I paint it like a scene from a hand-drawn film.
web-skip = Skip to the easel
web-drop = Drop a photo here, or paste one
web-choose = Choose a photo
web-limits = JPEG, PNG, WebP or HEIC, up to { $mb } MB; { $count } at a time
web-chosen = Chosen photos
web-remove = Remove this photo
web-photo = Your photo
web-style = Style
web-strength = Strength
web-barely = subtle
web-boldest = bold
web-caption = In your own words
web-caption-example = softer, #watercolor, 80%…
web-paint = Paint it
web-works = Your paintings
web-sending = On its way…
web-then = I will take this one then; you don't need to click again.
web-done = Here is your painting.
web-painting-of = The painting of your photo
web-compare = Compare photo and painting
web-before = Photo
web-after = Painting
web-download = Download
web-again = Again
web-softer = Softer
web-stronger = Stronger
web-other-styles = Another style
web-cancel = Cancel
web-cancelled = Cancelled.
web-hide = Remove
web-retry = Try again
web-open = Show this one in full
web-zoom = Full size
web-close = Close
web-share = Share
web-download-all = Download all
web-no-photo = This browser no longer has the photo.
web-too-heavy = That photo is too large for me: { $mb } MB is the most I can take.
web-too-many = { $count ->
    [one] One photo at a time, please: I took the first.
   *[other] { $count } photos at a time, please: I took the first ones.
}
web-offline = No connection. I keep trying, and nothing is lost.
web-upload-failed = The photo did not arrive. Please try again.
web-unreachable = I can't reach my easel right now. Please try again in a moment.
web-lost = I no longer have this one.
web-privacy = Your photo is deleted as soon as its painting is done; this browser keeps a copy so that you can compare. A machine paints here, not a person.
web-language = Language
web-forget = Delete my data
web-forget-question = Delete all your photos and paintings here for good?
web-forget-yes = Yes, delete them
web-forget-no = No, keep them
web-forgotten = Done. Everything of yours is deleted.
web-noscript = This page needs JavaScript to take your photo.
