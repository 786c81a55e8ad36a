from __future__ import annotations

from para_core.objects import App, User
from para_server.access.contracts import AppLike, Owned, UserLike


def test_the_classes_of_objects_fit_what_access_asks_of_them() -> None:
    app: AppLike = App(id="app:x", secret="s" * 40, read_only=True)
    user: UserLike = User(id="u1", groups="mods", active=True, token_secret="t" * 44)
    owned: Owned = App(id="app:x", creatorid="u1")
    assert (app.identifier, app.active, app.read_only) == ("x", True, True)
    assert (app.resource_permissions, app.datatypes) == ({}, {})
    assert (user.id, user.groups, user.active) == ("u1", "mods", True)
    assert (owned.id, owned.type, owned.creatorid, owned.parentid) == ("app:x", "app", "u1", None)
