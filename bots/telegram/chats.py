"""What people and groups chose for themselves, and where groups moved to."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import asdict, dataclass

from bots.phrases import negotiate
from bots.telegram.origin import Origin
from tasks.notebook import Notebook

_SUPERGROUPS_BELOW = -1_000_000_000_000


@dataclass(frozen=True, slots=True)
class GroupRules:
    """What the admins of a group decided."""

    style: str = ""
    """The style where a message names none; empty: the person's own."""
    cooldown_s: float = 0.0
    """Between two asks of one person in this group, beside the bot's own."""
    others: bool = True
    """Members may have other members' photos painted."""


class Chats:
    """The adapter's memory of its people and groups."""

    def __init__(self, notebook: Notebook) -> None:
        self._notebook = notebook

    def language(self, person: str) -> str | None:
        """Return the language that a person chose, None where they did not."""
        return self._notebook.get(f"language:{person}")

    def spoken(self, origin: Origin) -> str:
        """Return the language to speak at `origin`: the chosen one, else the app's, else English."""
        return self.language(origin.person) or negotiate(origin.language)

    def choose_language(self, person: str, language: str) -> None:
        """Speak this language with a person from now on."""
        self._notebook.put(f"language:{person}", language)

    def style(self, person: str) -> str | None:
        """Return the style that a person chose as their usual one."""
        return self._notebook.get(f"style:{person}")

    def choose_style(self, person: str, style: str) -> None:
        """Use this style where the person names none."""
        self._notebook.put(f"style:{person}", style)

    def forget(self, person: str) -> None:
        """Forget what a person chose."""
        self._notebook.delete(f"language:{person}", f"style:{person}")

    def rules(self, chat: int) -> GroupRules:
        """Return a group's rules."""
        written = self._notebook.get(f"group:{chat}")
        return GroupRules() if written is None else GroupRules(**json.loads(written))

    def change_rules(self, chat: int, change: Callable[[GroupRules], GroupRules]) -> None:
        """Change some of a group's rules."""
        rules = asdict(change(self.rules(chat)))
        self._notebook.put(f"group:{chat}", json.dumps(rules))

    def may_ask(self, chat: int, person: str, event: str) -> bool:
        """Start the group's cooldown for a person; False while an earlier one still runs."""
        cooldown_s = self.rules(chat).cooldown_s
        key = f"group-cooldown:{chat}:{person}"
        if cooldown_s <= 0 or self._notebook.put_new(key, event, cooldown_s):
            return True
        return self._notebook.get(key) == event

    def give_back(self, chat: int, person: str) -> None:
        """End the group's cooldown of a person whose ask came to nothing."""
        self._notebook.delete(f"group-cooldown:{chat}:{person}")

    def moved(self, old_chat: int, new_chat: int) -> None:
        """Remember that a group became a supergroup, and take its rules along."""
        self._notebook.put(f"moved:{old_chat}", str(new_chat))
        rules = self._notebook.get(f"group:{old_chat}")
        if rules is not None:
            self._notebook.put(f"group:{new_chat}", rules)

    def now_at(self, chat: int) -> int:
        """Return where a chat can be reached now. Only basic groups ever move."""
        if not _SUPERGROUPS_BELOW < chat < 0:
            return chat
        moved = self._notebook.get(f"moved:{chat}")
        return chat if moved is None else int(moved)
