# Sentences for Telegram only. $style is a style's title, $count a number of pictures or photos.

telegram-start =
    Hello! I turn photos into paintings, in the manner of hand-painted Japanese animation films. A machine paints, not a person.

    Send me a photo and I will paint it. Name a style in the caption if you like, or pick your usual one here:
telegram-help =
    Send me a photo, an album or an image file, and I will paint it.
    In the caption you can name a style and a strength: "watercolor 80%".
    Reply to any photo with a style's name to have it painted that way.
    In a group, mention me with a photo or in a reply to one.

    /styles shows the styles
    /style sets your usual style
    /again paints your last photo once more
    /me paints your profile photo
    /status shows your place in line
    /cancel cancels your waiting photos
    /language changes the language
    /privacy says what I store
    /forget deletes it
telegram-hint = Send me a photo and I will paint it. /help has the rest.
telegram-no-face = I can't see your profile photo. Send me a photo instead, and I will paint it.
telegram-privacy =
    Your photo is deleted as soon as its painting is delivered. Paintings are kept for a few days, so that the buttons under them work, and are then deleted too.
    A painting never reveals where a photo was taken, or with which camera.
    /forget deletes everything of yours at once.

## Queue status, and what follows it.

telegram-received = { $count ->
    [one] Got your photo.
   *[other] Got your { $count } photos.
}
telegram-not-painted = I couldn't paint this photo.
telegram-ready = Your painting is done.
telegram-painted-below = { $count ->
    [one] Done, your painting is below ↓
   *[other] Done, your { $count } paintings are below ↓
}
telegram-in-doubt = { $count ->
    [one] I sent your painting, but the connection broke and I can't tell whether it arrived. If it is not here, tap the button.
   *[other] I sent your paintings, but the connection broke and I can't tell whether they arrived. If they are not here, tap the button.
}
telegram-no-pictures-here = I'm not allowed to send pictures in this chat, so I can't show your painting here.
telegram-not-taken = Your painting is done, but Telegram did not accept it, so I can't show it here. I'm sorry.
telegram-guest-needs-chat = Your painting is done, but I can't show it here yet. Open a chat with me once and ask again: { $link }
telegram-cancelled = Cancelled.
telegram-cancelled-all = { $count ->
    [one] Your photo is cancelled.
   *[other] Your { $count } photos are cancelled.
}
telegram-cancel-none = None of your photos is waiting.
telegram-cancel-late = Too late: it's already painted.
telegram-cancel-not-yours = Only the person who sent the photo can cancel it.
telegram-status-none = None of your photos is waiting. Send me one!
telegram-photo-gone = I no longer have that photo. Please send it again.
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

telegram-style-which = Which style would you like as your usual one?
telegram-style-unknown = I don't know that style. These are the ones I paint:
telegram-style-set = From now on I paint in { $style } unless you name another style.
telegram-language = Which language do you prefer?
telegram-language-name = English
telegram-language-set = I will speak English with you.
telegram-forget = Shall I delete everything I have stored about you? Photos that are waiting will be cancelled.
telegram-forget-yes = Delete everything
telegram-forget-never = Delete, and never paint my photos
telegram-forget-no = Keep it
telegram-forgot-yes = Everything I had stored about you is deleted.
telegram-forgot-never = Everything I had stored about you is deleted, and I will not paint photos that you post.
telegram-forgot-no = Nothing was deleted.

## For group admins.

telegram-groups-only = This setting is for groups.
telegram-admins-only = Only admins of this group can change this.
telegram-group-style-set = In this group I now paint in { $style } unless a message names another style.
telegram-cooldown-how = Give the number of seconds between two photos from one member, for example /cooldown 60. 0 turns the wait off.
telegram-cooldown-set = { $wait_s ->
    [0] Members no longer have to wait between photos.
   *[other] Members now wait { DURATION($wait_s) } between two photos.
}
telegram-others-how = /others on lets members have each other's photos painted; with /others off, only their own.
telegram-others-on = Members can now have each other's photos painted.
telegram-others-off = Members can now have only their own photos painted.

## For operators.

telegram-operator-done = Done.
telegram-operator-how =
    /stats
    /pause STAGE [PLATFORM], /resume STAGE [PLATFORM] with STAGE one of { $stages }
    /ban ID, /unban ID with ID a user's number or PLATFORM:ID

## Menus and profile.

telegram-command-style = Choose your usual style
telegram-command-styles = See all styles
telegram-command-again = Paint my last photo once more
telegram-command-me = Paint my profile photo
telegram-command-status = My place in line
telegram-command-cancel = Cancel my waiting photos
telegram-command-language = Change the language
telegram-command-privacy = What I store
telegram-command-forget = Delete all my data
telegram-command-help = How it works
telegram-command-cooldown = Wait between two photos from a member
telegram-command-others = Allow or forbid painting others' photos
telegram-description = Send me a photo and I paint it in the manner of hand-painted Japanese animation; a machine paints, not a person. In groups, mention me in a reply to a photo.
telegram-short-description = I paint your photos in the manner of Japanese animation films.
telegram-by-machine = painted by a machine
