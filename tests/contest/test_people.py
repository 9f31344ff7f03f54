from __future__ import annotations

import json
from datetime import datetime
from fractions import Fraction

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from logovote.contest import (
    contests,
    counting,
    events,
    invitations,
    link_requests,
    people,
    roll,
    rounds,
    signing_in,
)
from logovote.contest.people import PeopleError, Row, RowReport
from logovote.errors import UnreadableInputError
from logovote.store import queries
from logovote.store.models import Contest, Group, Identity, Kind
from logovote.voting.profiles import InvalidProfileError
from tests.builders import (
    SECRET,
    cast,
    make_contest,
    open_shortlist,
    voter_named,
)

HEADER = "email,name,group,weight,github\n"


@pytest.fixture
def contest(session: Session, now: datetime) -> Contest:
    return make_contest(
        session, now, designs=[1], voters={"core": ["Ann"], "crowd": ["Bob"]}
    )


def read(text: str) -> list[Row | RowReport]:
    return people.read_people(text.encode())


def row(text: str) -> Row:
    (found,) = read(text)
    assert isinstance(found, Row)
    return found


def take_in(session: Session, contest: Contest, text: str) -> list[str]:
    reports = people.import_people(session, contest, read(text))
    return [report.status for report in reports]


def groups_of(session: Session, contest: Contest) -> dict[str, str]:
    return {
        voter.person.name: voter.group.name
        for voter in queries.voters(session, contest.id)
    }


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("email,name,group\nzoe@x.org,Zoe,core", id="as-documented"),
        pytest.param(
            "E-Mail;Full Name;Team\r\nZOE@x.org;Zoe;core\r\n", id="a-spreadsheet"
        ),
        pytest.param("role\tmail\tname\ncore\tzoe@x.org\t Zoe ", id="tabs"),
        pytest.param(
            "\n\n email , name , group\nzoe@x.org,Zoe,core\n\n,,\n", id="blanks"
        ),
        pytest.param(
            'name,email,note,group\n"Zoe",zoe@x.org,"a, b",core', id="unknown-column"
        ),
    ],
)
def test_a_people_file_is_read_forgivingly(text: str) -> None:
    found = row(text)

    assert (found.key, found.name, found.group) == ("zoe@x.org", "Zoe", "core")
    assert found.weight == 1


@pytest.mark.parametrize(
    "header",
    [
        *("Email Address", "E-Mail-Adresse", "e_mail", "E-Mail", "EMAIL", "Mail"),
        pytest.param("\u00a0E\u2010Mail ", id="of-a-word-processor"),
        pytest.param("address", id="address-alone"),
    ],
)
def test_the_column_of_addresses_may_be_called_as_people_call_it(header: str) -> None:
    found = row(f"{header};GitHub username;GITHUB-ID\nzoe@x.org;Zoe-1;17")

    assert (found.email, found.github, found.github_id) == ("zoe@x.org", "zoe-1", "17")


@pytest.mark.parametrize("header", ["id", "ID", "Member ID", "user_id"])
def test_the_number_of_a_member_is_not_that_of_a_github_account(header: str) -> None:
    alone = row(f"{header},email,name\n17,zoe@x.org,Zoe")
    beside = row(f"{header},email,github\n17,zoe@x.org,zoe-1")

    assert (alone.email, alone.github_id) == ("zoe@x.org", None)
    assert (beside.github, beside.github_id) == ("zoe-1", None)


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("name,email,address\nZoe,zoe@x.org,1 Main St", id="postal-after"),
        pytest.param("address,name,email\n1 Main St,Zoe,zoe@x.org", id="postal-before"),
        pytest.param("email,mail,name\nzoe@x.org,z@y.org,Zoe", id="two-addresses"),
        pytest.param("\temail\tname\n0\tzoe@x.org\tZoe", id="a-column-without-a-name"),
        pytest.param("email,name,github\nzoe@x.org,Zoe", id="a-short-line"),
    ],
)
def test_the_first_column_of_a_field_is_the_one_that_counts(text: str) -> None:
    found = row(text)

    assert (found.key, found.email, found.name) == ("zoe@x.org", "zoe@x.org", "Zoe")


@pytest.mark.parametrize(
    "first", ["sep=;", "SEP=;", '"sep=;"', "sep=;;;;", "\ufeffsep=;\r"]
)
def test_the_line_that_tells_excel_of_the_delimiter_is_no_header(first: str) -> None:
    good, bad = read(f"{first}\nname, first;E-Mail;team\nZoe;zoe@x.org;core\nBob;x;\n")

    assert isinstance(good, Row)
    assert (good.line, good.key, good.group) == (3, "zoe@x.org", "core")
    # As an editor shows it.
    assert bad.line == 4


@pytest.mark.parametrize("encoding", ["utf-8-sig", "cp1252", "utf-16", "utf-16-be"])
def test_a_people_file_keeps_its_letters_however_it_was_saved(encoding: str) -> None:
    (found,) = people.read_people("email\tname\nz@x.org\tZoë".encode(encoding))

    assert isinstance(found, Row)
    assert found.name == "Zoë"


def test_a_github_login_alone_is_enough() -> None:
    found = row("github,group\n@Zoe-1,core")

    assert (found.key, found.github, found.email) == ("github:zoe-1", "zoe-1", None)


def test_without_a_group_people_are_in_the_common_one() -> None:
    assert row("email\nzoe@x.org").group == people.DEFAULT_GROUP


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        pytest.param("zoe.x.org,Zoe,core,1,", "not an e-mail address", id="no-at"),
        pytest.param("zoe@localhost,Zoe,core,1,", "not an e-mail", id="no-domain"),
        pytest.param("a@b.c d@e.f,Zoe,core,1,", "not an e-mail", id="two-addresses"),
        pytest.param(",Zoe,core,1,", "no e-mail address and no GitHub", id="nobody"),
        pytest.param("zoe@x.org,Zoe,core,1,no spaces", "not a GitHub", id="login"),
        pytest.param("zoe@x.org,Zoe,core,many,", "is not a number", id="weight-word"),
        pytest.param("zoe@x.org,Zoe,core,-1,", "is not a number", id="weight-negative"),
        pytest.param("zoe@x.org,Zoe,core,1e9,", "is not a number", id="weight-float"),
        pytest.param("zoe@x.org,Zoe,core,nan,", "is not a number", id="weight-nan"),
        pytest.param("zoe@x.org,Zoe,core,1/0,", "divides by zero", id="weight-by-0"),
        pytest.param("zoe@x.org,Zoe,core,1000001,", "above 1000000", id="too-heavy"),
        pytest.param("zoe@x.org,Zoe,core,1/1001,", "too fine", id="too-fine"),
        pytest.param("zoe@x.org,Zoe,core,0.3333,", "three decimals", id="decimals"),
        pytest.param(f"zoe@x.org,Zoe,{'g' * 61},1,", "group's name", id="group-long"),
        pytest.param("zoe@x.org,Zoe,a=b,1,", "group's name", id="group-with-equals"),
        pytest.param("zoe@x.org,Zoe,+a(),1,", "group's name", id="group-formula"),
        pytest.param("zoe@x.org,Zoe,@SUM(A),1,", "group's name", id="group-at"),
        pytest.param("ann@x.org,Ann,core,1,", "as on line 2", id="twice"),
        pytest.param("ANN@X.org,Ann,core,1,", "as on line 2", id="twice-in-capitals"),
    ],
)
def test_one_bad_line_is_named_and_costs_no_other(line: str, reason: str) -> None:
    good, bad, last = read(
        f"{HEADER}ann@x.org,Ann,core,1,\n{line}\nbob@x.org,Bob,core,2/3,\n"
    )

    assert isinstance(good, Row)
    assert isinstance(last, Row)
    assert last.weight == Fraction(2, 3)
    assert isinstance(bad, RowReport)
    assert (bad.line, bad.status) == (3, "refused")
    assert reason in (bad.reason or "")


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(b"", id="empty"),
        pytest.param(b"name,group\nZoe,core\n", id="no-address-column"),
        pytest.param(b"\x89PNG\r\n\x1a\n\0\0", id="a-picture"),
        pytest.param(b'email\n"' + b"x" * 140_000, id="one-endless-cell"),
    ],
)
def test_a_file_that_is_no_people_list_is_refused_whole(data: bytes) -> None:
    with pytest.raises(UnreadableInputError):
        people.read_people(data)


@pytest.mark.parametrize(
    ("text", "weight"),
    [
        ("1", 1),
        ("0", 0),
        ("0.5", Fraction(1, 2)),
        ("0,5", Fraction(1, 2)),
        ("2/4", Fraction(1, 2)),
        ("0.125", Fraction(1, 8)),
        ("1/1000", Fraction(1, 1000)),
        ("1.50000", Fraction(3, 2)),
    ],
)
def test_a_weight_is_exact(text: str, weight: Fraction) -> None:
    assert people.parse_weight(text) == weight


@pytest.mark.parametrize(
    ("text", "share"),
    [
        ("2/5", Fraction(2, 5)),
        (" 40 % ", Fraction(2, 5)),
        ("0.4", Fraction(2, 5)),
        ("12.3456%", Fraction(123456, 10**6)),
    ],
)
def test_a_share_may_be_written_as_people_write_it(text: str, share: Fraction) -> None:
    assert people.parse_share(text) == share


@pytest.mark.parametrize("text", ["", "%", "half", "-1/5", "1/0", "1e3"])
def test_what_is_no_share_is_refused(text: str) -> None:
    with pytest.raises(PeopleError, match="is no share"):
        people.parse_share(text)


def test_importing_again_changes_nothing(session: Session, contest: Contest) -> None:
    text = f"{HEADER}zoe@x.org,Zoe,core,2,\ngithub-only,,,,\n,Max,crowd,,max\n"

    assert take_in(session, contest, text) == ["new", "refused", "new"]
    before = groups_of(session, contest)
    assert take_in(session, contest, text) == ["same", "refused", "same"]
    assert groups_of(session, contest) == before


def test_a_changed_line_changes_its_person_and_nobody_else(
    session: Session, contest: Contest
) -> None:
    text = "email,name,group,weight\nann@example.org,Anna,crowd,3\n"

    assert take_in(session, contest, text) == ["changed"]

    assert groups_of(session, contest) == {"Anna": "crowd", "Bob": "crowd"}
    assert voter_named(session, contest, "Anna").weight == 3


def test_a_person_of_two_contests_is_one_person_and_two_voters(
    session: Session, contest: Contest, now: datetime
) -> None:
    other = make_contest(session, now, slug="other", voters={"jury": ["Ann"]})

    ours, theirs = (voter_named(session, c, "Ann") for c in (contest, other))

    assert ours.person is theirs.person
    assert (ours.group.name, theirs.group.name) == ("core", "jury")


def test_nobody_is_added_between_the_close_and_the_count(
    session: Session, contest: Contest, now: datetime
) -> None:
    rounds.close_round(session, open_shortlist(session, contest, now), now)

    with pytest.raises(rounds.RoundError, match="waits for its count"):
        take_in(session, contest, "email,group\nzoe@example.org,core\n")


def test_an_address_and_a_login_of_one_person_are_one_voter(
    session: Session, contest: Contest
) -> None:
    both = "email,group,github\nkim@x.org,core,kim\n"
    assert take_in(session, contest, both) == ["new"]

    assert take_in(session, contest, "github,group\nkim,core\n") == ["same"]
    assert take_in(session, contest, "email,group\nkim@x.org,core\n") == ["same"]


def test_an_address_and_a_login_of_two_people_are_refused(
    session: Session, contest: Contest
) -> None:
    two = "email,group,github\nkim@x.org,core,\n,core,lee\n"
    assert take_in(session, contest, two) == ["new", "new"]

    crossed = "email,group,github\nkim@x.org,core,lee\n"
    assert take_in(session, contest, crossed) == ["refused"]


def test_groups_and_weights_are_frozen_while_a_round_runs(
    session: Session, contest: Contest, now: datetime
) -> None:
    open_shortlist(session, contest, now)
    text = (
        f"{HEADER}ann@example.org,Ann,crowd,1,\nbob@example.org,Bobby,crowd,2,\n"
        "zoe@x.org,Zoe,core,1,\nmax@x.org,Max,latecomers,1,\n"
        "bob@example.com,Rob,crowd,1,\n"
    )

    reports = people.import_people(session, contest, read(text))

    assert [report.status for report in reports] == [
        "refused",
        "refused",
        "new",
        "refused",
        "new",
    ]
    assert all("round is open" in r.reason for r in reports if r.reason)
    assert groups_of(session, contest)["Ann"] == "core"
    names = [group.name for group in queries.groups(session, contest.id)]
    assert names == ["core", "crowd"]


def test_groups_thaw_when_the_round_is_counted(
    session: Session, contest: Contest, now: datetime
) -> None:
    round_ = open_shortlist(session, contest, now)
    rounds.close_round(session, round_, now)
    counting.count_round(session, round_)

    assert take_in(session, contest, "email,group\nann@example.org,jury\n") == [
        "changed"
    ]


def test_shares_are_normalised_and_unset_ones_divide_the_rest(
    session: Session, contest: Contest
) -> None:
    take_in(session, contest, "email,group\nzoe@x.org,jury\n")

    def targets() -> dict[str, Fraction]:
        shares = people.target_shares(session, contest)
        return {group.name: share for group, share in shares}

    third, half = Fraction(1, 3), Fraction(1, 2)
    assert targets() == {"core": third, "crowd": third, "jury": third}
    people.set_shares(session, contest, {"core": half}, {})
    assert targets() == {"core": half, "crowd": half / 2, "jury": half / 2}
    people.set_shares(
        session,
        contest,
        {"core": Fraction(1), "crowd": Fraction(2), "jury": Fraction(3)},
        {},
    )
    assert targets() == {"core": Fraction(1, 6), "crowd": third, "jury": half}


def test_a_share_for_a_group_that_is_not_there_names_those_that_are(
    session: Session, contest: Contest
) -> None:
    with pytest.raises(PeopleError, match=r"“jury” \(groups: core, crowd\)"):
        people.set_shares(session, contest, {"jury": Fraction(1, 5)}, {})


@pytest.mark.parametrize(
    "shares",
    [
        {"core": Fraction(1)},
        {"core": Fraction(0), "crowd": Fraction(0)},
    ],
)
def test_shares_that_leave_nothing_are_refused(
    session: Session, contest: Contest, shares: dict[str, Fraction]
) -> None:
    with pytest.raises(InvalidProfileError):
        people.set_shares(session, contest, shares, {})


def test_no_group_comes_to_be_where_the_others_have_it_all(
    session: Session, contest: Contest
) -> None:
    """A typing error in a group, or a list without groups, takes nobody's share."""
    half = Fraction(1, 2)
    people.set_shares(session, contest, {"core": half, "crowd": half}, {})

    refused, new = people.import_people(
        session, contest, read("email,group\nzoe@x.org,crwod\nyve@x.org,crowd\n")
    )

    assert (refused.status, new.status) == ("refused", "new")
    assert "no group “crwod”" in (refused.reason or "")
    assert [group.name for group in queries.groups(session, contest.id)] == [
        "core",
        "crowd",
    ]
    people.set_shares(session, contest, {"core": Fraction(1, 4)}, {})
    assert take_in(session, contest, "email,group\nzoe@x.org,crwod\n") == ["new"]


def test_a_contest_like_another_takes_no_group_beside_its_shares(
    session: Session, contest: Contest, now: datetime
) -> None:
    half = Fraction(1, 2)
    people.set_shares(session, contest, {"core": half, "crowd": half}, {})
    fresh = contests.new_contest(session, "fresh", title="Fresh", like=contest, now=now)

    assert take_in(session, fresh, "email\nzoe@x.org\n") == ["refused"]
    assert [share for _, share in people.target_shares(session, fresh)] == [half, half]


@pytest.mark.parametrize(
    ("shares", "shown"),
    [
        (["1/2", "1/2", None], [Fraction(1, 2), Fraction(1, 2), Fraction(0)]),
        (["1", "2", None], [Fraction(1, 3), Fraction(2, 3), Fraction(0)]),
        (["0", "0", "0"], [Fraction(0)] * 3),
    ],
)
def test_shares_that_leave_nothing_are_shown_and_open_no_round_till_mended(
    session: Session,
    contest: Contest,
    now: datetime,
    shares: list[str | None],
    shown: list[Fraction],
) -> None:
    session.add(Group(contest_id=contest.id, name="late"))
    session.flush()
    for group, share in zip(queries.groups(session, contest.id), shares, strict=True):
        group.share = None if share is None else Fraction(share)

    assert [share for _, share in people.target_shares(session, contest)] == shown
    with pytest.raises(InvalidProfileError):
        rounds.open_round(session, contest, Kind.SHORTLIST, now)

    people.set_shares(
        session, contest, dict.fromkeys(["core", "crowd", "late"], Fraction(1, 3)), {}
    )
    rounds.open_round(session, contest, Kind.SHORTLIST, now)


def test_an_invitation_belongs_to_its_voter_and_can_be_shown_again(
    session: Session, contest: Contest
) -> None:
    ann, bob = (voter_named(session, contest, name) for name in ("Ann", "Bob"))
    token = invitations.invitation_token(SECRET, ann)

    assert token == invitations.invitation_token(SECRET, ann)
    assert token != invitations.invitation_token(SECRET, bob)
    assert invitations.voter_by_invitation(session, SECRET, token) is ann


def test_a_wrong_or_tampered_invitation_is_nobodys(
    session: Session, contest: Contest
) -> None:
    ann, bob = (voter_named(session, contest, name) for name in ("Ann", "Bob"))
    token = invitations.invitation_token(SECRET, ann)
    number, _, mac = token.partition("-")
    last = "0" if mac[-1] != "0" else "1"
    wrong = [
        "",
        "-",
        number,
        mac,
        f"{number}-",
        f"{bob.id}-{mac}",
        f"{number}-{mac[:-1]}",
        f"{number}-{mac[:-1]}{last}",
        f"{number}-{mac}0",
        f"{number}-{mac.upper()}é",
        f"-{token}",
        f"{'9' * 30}-{mac}",
        f"²-{mac}",
        invitations.invitation_token(SECRET + "x", ann),
    ]

    assert [
        text for text in wrong if invitations.voter_by_invitation(session, SECRET, text)
    ] == []


def test_raising_the_generation_disables_the_links_made_before(
    session: Session, contest: Contest
) -> None:
    ann = voter_named(session, contest, "Ann")
    old = invitations.invitation_token(SECRET, ann)

    ann.generation += 1
    session.flush()

    assert invitations.voter_by_invitation(session, SECRET, old) is None
    fresh = invitations.invitation_token(SECRET, ann)
    assert invitations.voter_by_invitation(session, SECRET, fresh) is ann


def test_a_renewed_link_replaces_the_old_one_and_ends_every_session(
    session: Session, contest: Contest, now: datetime
) -> None:
    ann, bob = (voter_named(session, contest, name) for name in ("Ann", "Bob"))
    old = invitations.invitation_token("secret", ann)
    anns, bobs = (
        signing_in.begin_session(session, each.person, now) for each in (ann, bob)
    )

    voter = invitations.renew_link(session, contest, "ANN@example.org")

    assert signing_in.signed_in(session, anns, now) is None
    assert signing_in.signed_in(session, bobs, now) is not None

    new = invitations.invitation_token("secret", voter)
    assert invitations.voter_by_invitation(session, "secret", old) is None
    assert invitations.voter_by_invitation(session, "secret", new) is voter


def test_a_link_of_nobody_cannot_be_renewed(session: Session, contest: Contest) -> None:
    with pytest.raises(invitations.InvitationError, match="may not vote"):
        invitations.renew_link(session, contest, "nobody@example.org")


# ---------- members of an organisation, as GitHub lists them


def members(*people_: tuple[str, int]) -> bytes:
    return json.dumps(
        [{"login": n, "id": i, "type": "User"} for n, i in people_]
    ).encode()


def admit(session: Session, contest: Contest, data: bytes) -> list[str]:
    rows = people.read_people(data, "team")
    reports = people.import_people(session, contest, rows)
    return [report.status for report in reports]


def test_members_of_an_organisation_are_known_by_their_numbers(
    session: Session, now: datetime
) -> None:
    contest = make_contest(session, now)
    assert admit(session, contest, members(("Ann", 7), ("bob", 8))) == ["new", "new"]

    # Ann took another name, and somebody new has taken hers.
    renamed = members(("ann-of-acme", 7), ("bob", 8))
    assert admit(session, contest, renamed) == ["changed", "same"]

    voters = queries.voters(session, contest.id)
    assert [voter.person.github for voter in voters] == ["ann-of-acme", "bob"]
    assert {voter.group.name for voter in voters} == {"team"}
    with_numbers = session.scalars(select(Identity).order_by(Identity.subject)).all()
    assert [each.subject for each in with_numbers] == ["7", "8"]


def test_pages_of_members_are_one_list(session: Session, now: datetime) -> None:
    contest = make_contest(session, now)
    pages = b"[" + members(("ann", 7)) + b"," + members(("bob", 8)) + b"]"

    assert admit(session, contest, pages) == ["new", "new"]


def test_a_number_and_a_login_of_two_people_are_refused(
    session: Session, now: datetime
) -> None:
    contest = make_contest(session, now)
    admit(session, contest, members(("ann", 7), ("bob", 8)))

    assert admit(session, contest, members(("bob", 7))) == ["refused"]
    assert admit(session, contest, members(("ann", 7), ("zed", 7))) == [
        "same",
        "refused",
    ]


@pytest.mark.parametrize(
    "data",
    [
        b"{",
        b"[1]",
        b"[[1]]",
        b'{"login": "ann"}',
        b'{"message": "Not Found", "status": "404"}',
        b"[" * 100_000,
        b'["ann"]',
    ],
)
def test_json_that_is_no_list_of_members_is_refused_as_a_whole(data: bytes) -> None:
    with pytest.raises(UnreadableInputError):
        people.read_people(data)


@pytest.mark.parametrize("number", ["x", "-1", "0", "9" * 30, "1.5"])
def test_what_is_no_number_of_an_account_is_refused_on_its_line(number: str) -> None:
    rows = people.read_people(f"github,github id\nann,{number}\nbob,8".encode())

    assert [type(row) for row in rows] == [people.RowReport, people.Row]


def test_a_group_is_the_same_however_it_is_written(
    session: Session, contest: Contest
) -> None:
    text = (
        "email,group\na@x.org,CORE\nb@x.org, Core \nc@x.org,Design  team\n"
        "d@x.org,design\u00a0team\n"
    )

    reports = people.import_people(session, contest, read(text))

    names = [group.name for group in queries.groups(session, contest.id)]
    assert names == ["core", "crowd", "Design team"]
    assert [report.reason for report in reports] == [
        None,
        None,
        "the first of a new group, “Design team”",
        None,
    ]
    moved = roll.change(
        session, contest, "a@x.org", group="DESIGN TEAM", now=contest.created_at
    )
    assert moved.group.name == "Design team"


def test_a_group_is_removed_that_nobody_is_in(
    session: Session, contest: Contest, now: datetime
) -> None:
    take_in(session, contest, "email,group\nzoe@x.org,comunity\n")
    with pytest.raises(PeopleError, match="There are people in “comunity”"):
        people.remove_group(session, contest, "comunity")
    take_in(session, contest, "email,group\nzoe@x.org,crowd\n")

    people.remove_group(session, contest, "comunity", now=now)

    assert [g.name for g in queries.groups(session, contest.id)] == ["core", "crowd"]
    last = events.chain(session, contest.id)[-1]
    assert last["kind"] == "groups.changed"
    assert [each["share"] for each in last["payload"]["groups"]] == ["1/2", "1/2"]
    with pytest.raises(PeopleError, match="no group “comunity” any more"):
        people.remove_group(session, contest, "comunity")


def test_a_group_stays_while_a_round_runs_and_while_ballots_counted_in_it(
    session: Session, contest: Contest, now: datetime
) -> None:
    take_in(session, contest, "email,group,name\nzoe@x.org,jury,Zoe\n")
    round_ = open_shortlist(session, contest, now)
    with pytest.raises(PeopleError, match="frozen while a round runs"):
        people.remove_group(session, contest, "jury")
    cast(session, round_, "Zoe", ["none"], now)
    rounds.close_round(session, round_, now)
    counting.count_round(session, round_, now=now)
    take_in(session, contest, "email,group\nzoe@x.org,crowd\n")

    with pytest.raises(PeopleError, match="Ballots of an earlier round counted"):
        people.remove_group(session, contest, "jury")


@pytest.mark.parametrize(
    ("line", "email", "name"),
    [
        pytest.param(
            "\u202azoe@x.org\u202c", "zoe@x.org", "", id="of-windows-contacts"
        ),
        pytest.param("zoe\u200b@x.org\ufeff", "zoe@x.org", "", id="of-a-web-page"),
        pytest.param("mailto:Zoe@x.org", "zoe@x.org", "", id="of-a-link"),
        pytest.param("Zoe Zett <zoe@x.org>", "zoe@x.org", "Zoe Zett", id="of-a-mail"),
        pytest.param("<zoe@x.org>,Zoe", "zoe@x.org", "Zoe", id="with-a-name"),
    ],
)
def test_an_address_is_what_somebody_would_type(
    line: str, email: str, name: str
) -> None:
    found = row(f"email,name\n{line}")

    assert (found.key, found.email, found.name) == (email, email, name)
    assert link_requests.parse_address(f" {email.upper()}\u200b") == email


def test_half_a_letter_in_a_list_of_members_is_no_trouble(
    session: Session, contest: Contest
) -> None:
    data = json.dumps([{"login": "zoe", "id": 7, "name": "Zo\ud800"}])

    assert take_in(session, contest, data) == ["new"]
    session.commit()
