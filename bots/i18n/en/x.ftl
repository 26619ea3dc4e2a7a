# What the bot says on X only. Posts carry no @names and no links; X counts to 280.

## Beside a painting. Three ways, since X refuses posts that repeat one another.

x-painted = { $way ->
    [0] Painted for you. Reply with my name and “again”, “stronger” or a style for another one; “stop” takes it down.
    [1] Here it is, the paint just dried. My name and “again”, “softer” or a style bring another; “stop” takes it down.
   *[other] Your painting. Write my name and “again” for another one, “stronger” or “softer” to change it; “stop” removes it.
}
x-alt = A hand-painted version, in the style “{ $style }”, of the photo in this conversation.

## Nothing to paint; said once a day at most.

x-no-photo = I see no photo here. Put one into your post, or call me in a reply under one.
x-photo-gone = I can't see the post that you replied to, so there is no photo to paint.
x-no-still = That is a video without a still picture. Please show me a photo.
x-parent-photos = I paint photos for those who posted them. Please post your own.

## Direct messages.

x-message-help = Send me a photo here and I will paint it. Then “again”, “stronger”, “softer” or the name of a style gives another one; “stop” makes me forget you.
x-message-stopped = Done: I deleted what I had of you, and I will leave your photos alone from now on.
