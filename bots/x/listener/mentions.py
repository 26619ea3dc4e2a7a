"""Admits posts that mention the bot to the ledger, whether they were polled or delivered."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import TypeAlias

import structlog

from bots.captions.own_words import checked
from bots.captions.parser import PaintOptions
from bots.i18n import refusal, t
from bots.x.budget import BudgetSpent
from bots.x.client import XClient
from bots.x.listener.context import IntakeContext
from bots.x.listener.intent import (
    AboutAnswer,
    Ignored,
    Intent,
    NeedsPost,
    NothingToPaint,
    PaintThese,
    ThreadContext,
    intent_of,
    mentions_visibly,
    text_of_author,
)
from bots.x.models import Post, PostPage
from bots.x.session import POST_FIELDS, SOURCE_FIELDS
from bots.x.text import heard
from tasks.models import Job, PaintRequest, PhotoRef, Refused
from tasks.services import Services

LOOKUP_MAX = 100
"""Posts that one call of X's shows."""

_UNTOLD = frozenset({"banned", "strikes"})
"""Refusal reasons that are not answered by a public post."""

KnownPosts: TypeAlias = dict[str, Post | None]
"""Posts by id; None: looked up, and not available."""

_log = structlog.get_logger()


class Mentions:
    """Handles posts and admits their requests; a post that is read twice is one job."""

    def __init__(self, services: Services, x: XClient) -> None:
        self._context = IntakeContext.of(services, x)

    def take(self, pages: Iterable[PostPage]) -> int:
        """Handle all posts of these pages, oldest first; return how many became jobs.

        Everything that was accepted is on disk when this returns. Raises `XError`; then it must be called
        again with the same posts, and skips those that were handled.
        """
        known: KnownPosts = {}
        fresh: dict[str, Post] = {}
        automated = set(self._context.x.settings.ignored_accounts)
        for page in pages:
            known |= _complete(page)
            automated |= page.automated
            for post in page.posts:
                # Newest first: of several versions of a post the last one counts.
                if not self._context.memory.is_handled(post.first_id):
                    fresh.setdefault(post.first_id, post)
        posts = sorted(fresh.values(), key=lambda post: int(post.id))
        try:
            return self._take(posts, known, automated)
        except BudgetSpent:
            # Together their look-ups are too dear for today: one by one some are not.
            if len(posts) < 2:
                raise
        return sum(self._take([post], known, automated) for post in posts)

    def _take(self, posts: list[Post], known: KnownPosts, automated: set[str]) -> int:
        full = self._in_full(posts, known, automated)
        return sum(
            self._act(post, intent) for post, intent in self._intents(full, known, automated)
        )

    def _in_full(self, posts: list[Post], known: KnownPosts, automated: set[str]) -> list[Post]:
        """Look up the posts that were read without their authors, if they may ask for something."""
        wanted = [
            post.id
            for post in posts
            if not post.author and post.id not in known and self._may_want(post)
        ]
        automated |= self._look_up(wanted, known)
        found = [post if post.author else known.get(post.id) for post in posts]
        for post, each in zip(posts, found, strict=True):
            if each is None:
                self._context.memory.handled(post.first_id)
        return sorted((post for post in found if post), key=lambda post: int(post.id))

    def _may_want(self, post: Post) -> bool:
        """Return whether a post calls the bot, or says 'stop' or what to paint in a thread of the bot's."""
        if mentions_visibly(post, self._context.x.me()):
            return True
        options = self._context.paint_options(text_of_author(post), post.first_id)
        return options.stop or (
            options.explicit and self._context.x.settings.replies_without_mention
        )

    def _intents(
        self, posts: list[Post], known: KnownPosts, ignored: Iterable[str]
    ) -> list[tuple[Post, Intent]]:
        """Understand all posts, looking up together what several of them need."""
        replied_to = {post.replies_to for post in posts if post.replies_to}
        answers = frozenset(id_ for id_ in replied_to if self._context.memory.job_of(id_))
        around = ThreadContext(
            me=self._context.x.me(),
            posts=known,
            answers=answers,
            parent_photos=self._context.x.settings.parent_photos,
            ignored=frozenset(ignored),
        )
        while True:
            intents = [(post, intent_of(post, around)) for post in posts]
            needed = {each.id for _, each in intents if isinstance(each, NeedsPost)}
            if not needed:
                return intents
            own = needed & {post.id for post in posts}
            self._look_up(sorted(own), known)
            self._look_up(sorted(needed - own), known, SOURCE_FIELDS)

    def _look_up(
        self, ids: list[str], known: KnownPosts, fields: Iterable[str] = POST_FIELDS
    ) -> set[str]:
        """Add these posts to what is known, None for what is gone; return bots among the authors."""
        automated: set[str] = set()
        for start in range(0, len(ids), LOOKUP_MAX):
            wanted = ids[start : start + LOOKUP_MAX]
            page = self._context.x.posts(wanted, fields)
            known.update(_complete(page))
            known.update(dict.fromkeys(wanted))
            known.update({post.id: post for post in page.posts if post.author})
            automated |= page.automated
        return automated

    def _act(self, post: Post, intent: Intent) -> bool:
        """Act on the intent of a post; return whether it became a job."""
        admitted = False
        if not isinstance(intent, Ignored):
            post = replace(post, language=self._context.language(post.author, post.language))
        match intent:
            case PaintThese(photos, text):
                admitted = self._paint(post, self._options(post, text), photos)
            case AboutAnswer(answer, text):
                admitted = self._follow_up(post, answer, text)
            case NothingToPaint(why, text):
                self._nothing(post, why, text)
            case Ignored(why):
                _log.debug("post_ignored", post=post.id, why=why)
        self._context.memory.handled(post.first_id)
        return admitted

    def _options(self, post: Post, text: str, about: Job | None = None) -> PaintOptions:
        return self._context.paint_options(text, post.first_id, about)

    def _paint(self, post: Post, options: PaintOptions, photos: Iterable[PhotoRef]) -> bool:
        if options.stop:
            self._context.opt_out.stop(post.author)
            return False
        allowed = tuple(photo for photo in photos if not self._is_opted_out(photo))
        if not allowed:
            self._say(post, t(post.language, "apology-owner-opted-out"))
            return False
        thread = f"{post.conversation}/{post.author}"
        if (
            self._context.memory.answers_in_thread(thread)
            >= self._context.x.settings.answers_per_thread
        ):
            _log.info("answers_per_thread_reached", post=post.id, action="ignore")
            return False
        return self._admit(post, options, allowed, thread)

    def _admit(
        self, post: Post, options: PaintOptions, photos: tuple[PhotoRef, ...], thread: str
    ) -> bool:
        # A thread under a viral photo is many conversations: one per person.
        request = PaintRequest(
            platform="x",
            event=post.first_id,
            person=post.author,
            conversation=thread,
            photos=photos,
            style=options.style,
            strength=options.strength,
            seed=options.seed,
            language=post.language,
            address=self._address(post),
            words=options.words,
        )
        services = self._context.services
        worded = checked(services, request)
        if not isinstance(worded, Refused):
            dropped = bool(request.words) and not worded.words
            said = heard(options, words_dropped=dropped)
            worded = replace(worded, address={**worded.address, **said})
        result = worded if isinstance(worded, Refused) else services.ledger.admit(worded)
        if isinstance(result, Refused):
            self._refuse(post, result)
            return False
        if not result.duplicate:
            self._context.memory.count_answer(thread, post.author)
        return not result.duplicate

    def _say(self, post: Post, sentence: str) -> None:
        self._context.replies.refuse(post, sentence, self._is_summoned(post))

    def _address(self, post: Post) -> dict[str, str]:
        """Return where to answer; a reply that its author did not ask for by name costs more."""
        return (
            {"post": post.id} if self._is_summoned(post) else {"post": post.id, "unsummoned": "1"}
        )

    def _refuse(self, post: Post, refused: Refused) -> None:
        if refused.notify and refused.reason not in _UNTOLD:
            now = self._context.services.ledger.now()
            self._say(post, refusal(post.language, refused, now))

    def _follow_up(self, post: Post, answer: str, text: str) -> bool:
        """Repaint the photos of an earlier answer if the text asks for it."""
        job = self._context.services.ledger.find_job(self._context.memory.job_of(answer) or "")
        options = self._options(post, text, job)
        if options.stop:
            self._context.opt_out.stop(post.author, said_under=answer)
            return False
        if job is None or not options.explicit:
            return False
        if not self._may_be_answered(post):
            _log.info("post_without_mention", post=post.id, action="ignore")
            return False
        photos = tuple(_seen_by(post.author, job, photo) for photo in job.request.photos)
        if not self._may_use(photos):
            self._say(post, t(post.language, "x-parent-photos"))
            return False
        return self._paint(post, options, photos)

    def _may_be_answered(self, post: Post) -> bool:
        """Return whether X lets the bot reply: since February 2026 only to who mentioned or quoted it."""
        return self._context.x.settings.replies_without_mention or self._is_summoned(post)

    def _is_summoned(self, post: Post) -> bool:
        """Return whether the author mentioned the bot, or quotes one of its answers."""
        if mentions_visibly(post, self._context.x.me()):
            return True
        return post.quotes is not None and self._context.memory.job_of(post.quotes) is not None

    def _may_use(self, photos: Iterable[PhotoRef]) -> bool:
        return self._context.x.settings.parent_photos == "anyone" or all(
            not p.owner for p in photos
        )

    def _nothing(self, post: Post, why: str, text: str) -> None:
        if self._options(post, text).stop:
            self._context.opt_out.stop(post.author)
        else:
            self._say(post, t(post.language, f"x-{why}"))

    def _is_opted_out(self, photo: PhotoRef) -> bool:
        return photo.owner is not None and self._context.services.users.opted_out("x", photo.owner)


def _complete(page: PostPage) -> KnownPosts:
    """Return the posts around a page that need not be looked up: they came with their media."""
    own = {post.id for post in page.posts}
    return {
        post.id: post
        for post in page.around.values()
        if post.id not in own and post.author and not post.media_missing
    }


def _seen_by(person: str, job: Job, photo: PhotoRef) -> PhotoRef:
    """Name the owner of a photo as another person has to see it."""
    owner = photo.owner or job.request.person
    return PhotoRef(photo.ref, None if owner == person else owner)
