# Sentences for X only. Posts carry no @names and no links; X counts to 280.

## The text of a reply with a painting, in three variants, because X refuses repeated posts.

x-painted = { $way ->
    [0] Painted for you. Reply with my name and “again”, “stronger” or a style for another one; “stop” takes it down.
    [1] Here it is, the paint has just dried. For another, write my name and “again”, “softer” or a style; “stop” removes it.
   *[other] Your painting. Write my name and “again” for another one, “stronger” or “softer” to change it; “stop” removes it.
}
x-alt = A hand-painted version, in the style “{ $style }”, of the photo in this conversation.

## Nothing to paint; at most once a day per person.

x-no-photo = I can't see a photo here. Add one to your post, or mention me in a reply to one.
x-photo-gone = I can't see the post you replied to, so there is no photo to paint.
x-no-still = That is a video without a preview image. Please show me a photo.
x-parent-photos = I paint photos only for the people who posted them. Please post your own.

## Direct messages.

x-message-help = Send me a photo here and I will paint it. Then “again”, “stronger”, “softer” or the name of a style gives another one; “stop” makes me forget you.
x-message-stopped = Done: I have deleted everything I had stored about you, and I will not paint your photos from now on.
