# Sentences for all platforms. $wait_s is in seconds; 0 if no time can be given.

-formats = JPEG, PNG, WebP or HEIC

## Refusals: the photo was not accepted and does not count against any limit.

refused-paused = { $wait_s ->
    [0] I have put the brushes down for a while. Please try again a little later.
   *[other] I have put the brushes down for a while. Please come back in { DURATION($wait_s) }.
}
refused-banned = I can no longer take photos from this account.
refused-opted-out = You asked me not to paint your photos, so I don't.
refused-forgotten = That was deleted, as you asked.
refused-strikes = { $wait_s ->
    [0] Several of your photos were of a kind I can't paint, so let's take a break.
   *[other] Several of your photos were of a kind I can't paint, so let's take a break. Please come back in { DURATION($wait_s) }.
}
refused-cooldown = { $wait_s ->
    [0] The paint is still drying. Your next photo is welcome in a little while.
   *[other] The paint is still drying. Your next photo is welcome in { DURATION($wait_s) }.
}
refused-quota = { $wait_s ->
    [0] That was your last painting for today. We can go on tomorrow.
   *[other] That was your last painting for today. We can go on in { DURATION($wait_s) }.
}
refused-too-many-open = I am still working on your earlier photos. Please send this one again when one of them is done.
refused-busy-here = { $wait_s ->
    [0] Many photos from this chat are waiting already. Please try again a little later.
   *[other] Many photos from this chat are waiting already. Please try again in { DURATION($wait_s) }.
}
refused-busy-address = Many photos have come from your network. Please try again in { DURATION($wait_s) }.
refused-too-busy = { $wait_s ->
    [0] So many photos are waiting that yours would take too long. Please come back later.
   *[other] So many photos are waiting that yours would take too long. Please come back in { DURATION($wait_s) }.
}
refused-own-words = I don't paint that for anyone. Ask for something else, and I'll gladly try. This did not count.
refused-own-words-script = I understand your own words only in English, Spanish, Portuguese, Indonesian, Hindi and Japanese. This did not count.
refused-storage-full = { $wait_s ->
    [0] I have no room for another photo right now. Please try again a little later.
   *[other] I have no room for another photo right now. Please try again in { DURATION($wait_s) }.
}

## Apologies: why there is no painting.

apology-empty = That file arrived empty. Please send the photo again.
apology-too-heavy = That file is too large for me: { $limit_mb } MB is the most I can take.
apology-web-page = That is a web page, not a picture. Please send the photo itself.
apology-other-format = I can't open { $kind } pictures. Please send a { -formats } photo.
apology-not-a-photo = { $kind ->
    [audio] That is a sound recording. Please send a { -formats } photo.
    [document] That is a document. Please send a { -formats } photo.
    [program] That is a program. Please send a { -formats } photo.
    [text] That is a text file. Please send a { -formats } photo.
    [unknown] I don't know this kind of file. Please send a { -formats } photo.
    [video] That is a video. Please send a { -formats } photo.
   *[other] That is a { $kind } file. Please send a { -formats } photo.
}
apology-too-small = That photo is too small to paint: each side needs at least { $limit_px } pixels.
apology-too-large = That photo is too large for me: no side may be longer than { $limit_px } pixels.
apology-too-many-pixels = That photo is too large for me: { $limit_megapixels } megapixels is the most I can take.
apology-too-narrow = That photo is too long and narrow: its long side may be at most { $limit_aspect } times its short side.
apology-truncated = Part of that photo got lost on the way. Please send it again.
apology-broken = That file is damaged and won't open. Please try another copy.
apology-transparent = That picture is completely transparent, so there is nothing to paint.
apology-too-hard = That file is too complex for me to open. Saved as a plain JPEG, it should work.
apology-unsafe-photo = I can't paint this photo. Please try another one.
apology-unsafe-picture = I can't show the painting made from this photo. Please try another one.
apology-photo-gone = That photo is no longer there. Please send it again.
apology-photo-elsewhere = That photo is in a place I can't download from. Please send it here directly.
apology-no-photo = There was no photo to paint. Please send one.
apology-owner-opted-out = The owner of this photo asked me not to paint it, so I don't.
apology-unknown-style = I no longer know that style. Please pick another one.
apology-our-fault = Something went wrong on my side, so there is no painting this time. I'm sorry.
apology-refunded = It didn't count: you can try again right away.

## Notes that accompany a painting.

note-first-frame = That was an animation, so I painted its first frame.
note-photo-left-out = Not every photo could be painted; here are those that could.
note-words-unused = I couldn't follow your own words here, so I painted the photo as it is.

## Queue status.

status-fetch = Looking at your photo…
status-queued = { ORDINAL($position) ->
    [one] { $position }st in line, about { DURATION($wait_s) }
    [two] { $position }nd in line, about { DURATION($wait_s) }
    [few] { $position }rd in line, about { DURATION($wait_s) }
   *[other] { $position }th in line, about { DURATION($wait_s) }
}
status-next = Next in line, about { DURATION($wait_s) }
status-painting = { $progress ->
    [0] Painting…
   *[other] Painting… { NUMBER($progress, style: "percent") }
}
status-paused = Painting is paused at the moment. Your photo keeps its place.
status-deliver = The paint is drying, your picture is on its way…

## How the bot understood a person's own words. $style is a style's title, $strength 0 to 1.

understood = Got it: { $style }, { NUMBER($strength, style: "percent") }.
not-understood = I paint in styles; I can't change what is in the photo.
