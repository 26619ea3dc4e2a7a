# What the bot says on Telegram only. $style is a style's title, $count a number of pictures or photos.

telegram-start =
    Hello! I turn photos into paintings, in the manner of hand-painted Japanese animation films. A machine paints, not a person.

    Send me a photo and I will paint it. Name a style in the caption if you like, or pick your usual one here:
telegram-help =
    Send me a photo, an album or an image file, and I will paint it.
    In the caption you can name a style and a strength: "watercolor 80%".
    Reply to any photo with a style's name to have it painted that way.
    In a group, mention me with a photo or in a reply to one.

    /styles shows the styles
    /style sets your usual one
    /again paints the last photo once more
    /me paints your profile photo
    /status shows your place in line
    /cancel takes your photos back
    /language chooses the language
    /privacy says what I keep
    /forget deletes it
telegram-hint = Send me a photo and I will paint it. /help tells the rest.
telegram-no-face = I can't see a profile photo of yours. Send me a photo instead, and I will paint it.
telegram-privacy =
    Your photo is deleted as soon as its painting is delivered. Paintings are kept for a few days, so that the buttons under them work, and go then too.
    Where and with what a photo was taken never goes into a painting.
    /forget deletes everything of yours at once.

## While somebody waits, and after.

telegram-about = About your photo…
telegram-ready = Your painting is ready:
telegram-painted-below = { $count ->
    [one] Done, your painting is below ↓
   *[other] Done, your { $count } paintings are below ↓
}
telegram-in-doubt = { $count ->
    [one] I sent your painting, but the line broke and I can't tell whether it arrived. If it is not here, tap the button.
   *[other] I sent your paintings, but the line broke and I can't tell whether they arrived. If they are not here, tap the button.
}
telegram-no-pictures-here = I may not send pictures in this chat, so I can't show your painting here.
telegram-not-taken = Your painting is done, but Telegram did not take it, so I can't show it here. I'm sorry.
telegram-guest-needs-chat = Your painting is done, but I can't bring it here yet. Open a chat with me once and ask again: { $link }
telegram-cancelled = Taken back.
telegram-cancelled-all = { $count ->
    [one] Your photo is taken back.
   *[other] Your { $count } photos are taken back.
}
telegram-cancel-none = Nothing of yours is waiting.
telegram-cancel-late = Too late, it is painted already.
telegram-cancel-not-yours = Only the person who sent the photo can cancel it.
telegram-status-none = Nothing of yours is waiting. Send me a photo!
telegram-photo-gone = That photo is not kept any more. Please send it again.
telegram-compared = The photo and its painting

## Buttons.

telegram-softer = Softer
telegram-stronger = Stronger
telegram-again = Again
telegram-original = Full quality
telegram-compare = Before and after
telegram-cancel = Cancel
telegram-resend = Send again
telegram-inline-start = Paint your first photo

## Choices.

telegram-style-which = Which style shall be your usual one?
telegram-style-unknown = I don't know that style. These are the ones I paint:
telegram-style-set = From now on I paint in { $style } unless you name another style.
telegram-language = Which language do you prefer?
telegram-language-name = English
telegram-language-set = I will speak English with you.
telegram-forget = Shall I delete everything that I keep of yours? What is waiting is taken back.
telegram-forget-yes = Delete everything
telegram-forget-never = Delete, and never paint my photos
telegram-forget-no = Keep it
telegram-forgot-yes = Everything of yours is deleted.
telegram-forgot-never = Everything of yours is deleted, and photos that you post will not be painted.
telegram-forgot-no = Nothing was deleted.

## For the admins of groups.

telegram-groups-only = This is a setting of groups.
telegram-admins-only = Only admins of this group can change that.
telegram-group-style-set = In this group I now paint in { $style } unless a message names another style.
telegram-cooldown-how = Say the seconds between two photos of one member, for example /cooldown 60. 0 turns it off.
telegram-cooldown-set = { $wait_s ->
    [0] There is no wait between photos of one member now.
   *[other] Members now wait { DURATION($wait_s) } between two photos.
}
telegram-others-how = /others on lets members have each other's photos painted, /others off only their own.
telegram-others-on = Members can have each other's photos painted.
telegram-others-off = Members can have only their own photos painted.

## For those who run the bot.

telegram-operator-done = Done.
telegram-operator-how =
    /stats
    /pause STAGE [PLATFORM], /resume STAGE [PLATFORM] with STAGE one of { $stages }
    /ban ID, /unban ID with ID a user's number or PLATFORM:ID

## Menus and profile.

telegram-command-style = Choose your usual style
telegram-command-styles = See all styles
telegram-command-again = Paint the last photo once more
telegram-command-me = Paint my profile photo
telegram-command-status = My place in line
telegram-command-cancel = Take my photos back
telegram-command-language = Choose the language
telegram-command-privacy = What is kept
telegram-command-forget = Delete everything of mine
telegram-command-help = How it works
telegram-command-cooldown = Wait between two photos of a member
telegram-command-others = May members paint others' photos
telegram-description = Send me a photo and I paint it in the manner of hand-painted Japanese animation; a machine paints, not a person. In groups, mention me in a reply to a photo.
telegram-short-description = I paint your photos in the manner of Japanese animation films.
telegram-by-machine = painted by a machine
