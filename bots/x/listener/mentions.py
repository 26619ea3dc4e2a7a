"""Takes posts that name the bot, whichever way they came, to asks in the ledger."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import TypeAlias

import structlog

from bots.captions.own_words import checked
from bots.captions.parser import PaintOptions
from bots.i18n import refusal, t
from bots.x.client import XClient
from bots.x.listener.context import IntakeContext
from bots.x.listener.intent import (
    AboutAnswer,
    Ignored,
    NeedsPost,
    NothingToPaint,
    PaintThese,
    ThreadContext,
    Understood,
    names_plainly,
    understand,
    words_of,
)
from bots.x.models import Post, PostPage
from bots.x.session import POST_FIELDS, SOURCE_FIELDS
from tasks.models import Job, PaintRequest, PhotoRef, Refused
from tasks.services import Services

LOOKUP_MAX = 100
"""Posts that one call of X's shows."""

_UNTOLD = frozenset({"banned", "strikes"})
"""Refusals that are not worth a public post."""

Known: TypeAlias = dict[str, Post | None]

_log = structlog.get_logger()


class Mentions:
    """Understands posts and hands them to the ledger; an event that comes twice is one ask."""

    def __init__(self, services: Services, x: XClient) -> None:
        self._at = IntakeContext.of(services, x)

    def take(self, pages: Iterable[PostPage]) -> int:
        """Deal with all posts of these pages, oldest first; return how many became asks.

        Everything that was accepted is on disk when this returns. Raises `XFault`: then the same
        posts have to be given again.
        """
        known: Known = {}
        fresh: dict[str, Post] = {}
        automated = set(self._at.x.settings.ignored_accounts)
        for page in pages:
            known |= _complete(page)
            automated |= page.automated
            for post in page.posts:
                # Newest first: of several versions of a post the last one counts.
                if not self._at.memory.is_handled(post.first_id):
                    fresh.setdefault(post.first_id, post)
        posts = self._in_full(fresh.values(), known, automated)
        posts.sort(key=lambda post: int(post.id))
        return sum(
            self._act(post, meant) for post, meant in self._meanings(posts, known, automated)
        )

    def _in_full(self, posts: Iterable[Post], known: Known, automated: set[str]) -> list[Post]:
        """Look up the posts whose authors were spared, where they may want something of the bot."""
        posts = list(posts)
        wanted = [post.id for post in posts if not post.author and self._may_want(post)]
        automated |= self._look_up(wanted, known)
        return [found for post in posts if (found := post if post.author else known.get(post.id))]

    def _may_want(self, post: Post) -> bool:
        """Tell whether a post calls the bot, or says in a thread of its what to paint otherwise."""
        spoken = self._at.heard(words_of(post), post.first_id).explicit
        return names_plainly(post, self._at.x.me()) or spoken

    def _meanings(
        self, posts: list[Post], known: Known, ignored: Iterable[str]
    ) -> list[tuple[Post, Understood]]:
        """Understand all posts, looking up together what several of them need."""
        replied_to = {post.replies_to for post in posts if post.replies_to}
        answers = frozenset(id_ for id_ in replied_to if self._at.memory.job_of(id_))
        around = ThreadContext(
            me=self._at.x.me(),
            posts=known,
            answers=answers,
            parent_photos=self._at.x.settings.parent_photos,
            ignored=frozenset(ignored),
        )
        while True:
            meant = [(post, understand(post, around)) for post in posts]
            needed = {each.id for _, each in meant if isinstance(each, NeedsPost)}
            if not needed:
                return meant
            own = needed & {post.id for post in posts}
            self._look_up(sorted(own), known)
            self._look_up(sorted(needed - own), known, SOURCE_FIELDS)

    def _look_up(
        self, ids: list[str], known: Known, fields: Iterable[str] = POST_FIELDS
    ) -> set[str]:
        """Add these posts to what is known, None for what is gone; return bots among the authors."""
        automated: set[str] = set()
        for start in range(0, len(ids), LOOKUP_MAX):
            wanted = ids[start : start + LOOKUP_MAX]
            page = self._at.x.posts(wanted, fields)
            known.update(_complete(page))
            known.update(dict.fromkeys(wanted))
            known.update({post.id: post for post in page.posts if post.author})
            automated |= page.automated
        return automated

    def _act(self, post: Post, meant: Understood) -> bool:
        """Do what a post wants; True where it became an ask."""
        admitted = False
        if not isinstance(meant, Ignored):
            post = replace(post, language=self._at.language(post.author, post.language))
        match meant:
            case PaintThese(photos, words):
                admitted = self._paint(post, self._wish(post, words), photos)
            case AboutAnswer(answer, words):
                admitted = self._follow_up(post, answer, words)
            case NothingToPaint(why, words):
                self._nothing(post, why, words)
            case Ignored(why):
                _log.debug("post ignored", post=post.id, why=why)
        self._at.memory.handled(post.first_id)
        return admitted

    def _wish(self, post: Post, words: str, about: Job | None = None) -> PaintOptions:
        return self._at.heard(words, post.first_id, about)

    def _paint(self, post: Post, wish: PaintOptions, photos: Iterable[PhotoRef]) -> bool:
        if wish.stop:
            self._at.leaving.stop(post.author)
            return False
        painted = tuple(photo for photo in photos if not self._is_left_alone(photo))
        if not painted:
            self._at.voice.refuse(post, t(post.language, "apology-owner-opted-out"))
            return False
        thread = f"{post.conversation}/{post.author}"
        if self._at.memory.turns(thread) >= self._at.x.settings.answers_per_thread:
            _log.info("thread goes on for too long", post=post.id)
            return False
        return self._admit(post, wish, painted, thread)

    def _admit(
        self, post: Post, wish: PaintOptions, photos: tuple[PhotoRef, ...], thread: str
    ) -> bool:
        # A thread under a viral photo is many conversations, not one crowded room: one per person.
        ask = PaintRequest(
            platform="x",
            event=post.first_id,
            person=post.author,
            conversation=thread,
            photos=photos,
            style=wish.style,
            strength=wish.strength,
            seed=wish.seed,
            language=post.language,
            address={"post": post.id},
            words=wish.words,
        )
        worded = checked(self._at.services, ask)
        result = worded if isinstance(worded, Refused) else self._at.services.ledger.admit(worded)
        if isinstance(result, Refused):
            self._refuse(post, result)
            return False
        if not result.duplicate:
            self._at.memory.took_turn(thread, post.author)
        return not result.duplicate

    def _refuse(self, post: Post, refused: Refused) -> None:
        if refused.notify and refused.reason not in _UNTOLD:
            now = self._at.services.ledger.now()
            self._at.voice.refuse(post, refusal(post.language, refused, now))

    def _follow_up(self, post: Post, answer: str, words: str) -> bool:
        """Paint the photos of an earlier answer in another way, where the words name one."""
        job = self._at.services.ledger.find_job(self._at.memory.job_of(answer) or "")
        wish = self._wish(post, words, job)
        if wish.stop:
            self._at.leaving.stop(post.author, said_under=answer)
            return False
        if job is None or not wish.explicit:
            return False
        photos = tuple(_seen_by(post.author, job, photo) for photo in job.request.photos)
        if not self._may_use(photos):
            self._at.voice.refuse(post, t(post.language, "x-parent-photos"))
            return False
        return self._paint(post, wish, photos)

    def _may_use(self, photos: Iterable[PhotoRef]) -> bool:
        return self._at.x.settings.parent_photos == "anyone" or all(not p.owner for p in photos)

    def _nothing(self, post: Post, why: str, words: str) -> None:
        if self._wish(post, words).stop:
            self._at.leaving.stop(post.author)
        else:
            self._at.voice.refuse(post, t(post.language, f"x-{why}"))

    def _is_left_alone(self, photo: PhotoRef) -> bool:
        return photo.owner is not None and self._at.services.users.opted_out("x", photo.owner)


def _complete(page: PostPage) -> Known:
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
