"""Whatever happens, in whatever order: the till never raises and never lies about money."""

from __future__ import annotations

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from kscoin.codes import short_code
from kscoin.entries import CloseState
from pos_app.till.display_views import DisplayApproved
from pos_app.till.effects import Effect, OpenRequest, StartListening, StopListening
from pos_app.till.events import (
    CardDebited,
    CardLost,
    CardPresented,
    CardRefused,
    CardRenewed,
    CardUnusable,
    CertificateFound,
    CertificateMissing,
    DayCounted,
    DeviceChanged,
    Event,
    EvidenceRefused,
    JournalFailed,
    LifeRead,
    LinkChanged,
    OrderDone,
    OrderRefused,
    PaymentsSettled,
    PaymentStored,
    Pressed,
    PurseAdmitted,
    PurseDeclined,
    QueueListed,
    QueueReady,
    ReadingRefused,
    ReceiptArrived,
    ReceiptRead,
    ReceiptUnread,
    RequestOpened,
    RequestRefused,
    RiskChanged,
    SaleInterrupted,
    SalesRead,
    ScanBroken,
    Scanned,
    SlipChanged,
    SlipsInterrupted,
    StartFailed,
    SyncEnded,
    SyncProgressed,
    SyncStarted,
    TapTorn,
    Ticked,
    WorkerDied,
)
from pos_app.till.move import hash_of
from pos_app.till.office import CloseOrder, Day, Life, Page, PastSale, Query, Total
from pos_app.till.presses import Press
from pos_app.till.printing import LookSlip, SaleSlip, SlipRule, SlipState, Stage, TrialSlip
from pos_app.till.show import Face, show
from pos_app.till.show_customer import show_customer
from pos_app.till.states import (
    Approved,
    Browsing,
    Debiting,
    HoldingAgain,
    Listing,
    NotKept,
    Part,
    Paying,
    Refused,
    Risk,
    Selling,
    Stored,
    Till,
)
from pos_app.till.status import Connection, DeviceKind
from pos_app.till.step import step
from pos_app.till.words import Moved
from tests.flows.parts import (
    CARD,
    NOW_MS,
    OTHER_CARD,
    OTHER_REQUEST,
    REQUEST,
    WALL_S,
    after_debit,
    again,
    debit_evidence,
    phone_evidence,
    phone_text,
    receipt_evidence,
    receipt_text,
    signed_by,
)
from tests.flows.world import PURSES, World

FACE = Face("shop", 0)
ENDED = (Approved, Refused, NotKept)
WAITING = (Paying, HoldingAgain)
REQUESTS = st.sampled_from([REQUEST, OTHER_REQUEST])
HASHES = st.sampled_from([REQUEST.hash, OTHER_REQUEST.hash])
CARDS = st.sampled_from([CARD, OTHER_CARD, again(CARD), after_debit(CARD)])
CODES = st.sampled_from(["disk_full", "purse_denied", "expired", "a_code_that_nobody_knows"])
EVIDENCE = st.sampled_from([debit_evidence(CARD), phone_evidence(), receipt_evidence()])
STORED = st.builds(
    lambda request, settled, second: Stored(
        request.hash, short_code(request.hash), request.amount_won, settled, second
    ),
    REQUESTS,
    st.booleans(),
    st.booleans(),
)
TEXTS = st.sampled_from([phone_text(), phone_text(OTHER_REQUEST), receipt_text(), "KS1:", "88", ""])

SLIPS = st.one_of(st.builds(SaleSlip, HASHES), st.just(LookSlip()), st.just(TrialSlip()))

PAST_SALE = PastSale(b"1" * 32, "7Q2F-9KXM", WALL_S, 9, False, CloseState.KEPT, 0, 9)
A_DAY = Day(1, 0, (("carried_over", Total()),))

EVENTS: st.SearchStrategy[Event] = st.one_of(
    st.builds(Pressed, st.sampled_from(Press)),
    st.builds(Pressed, st.sampled_from([Press.DIGIT_5, Press.PAY, Press.CANCEL, Press.NEW_SALE])),
    st.builds(Ticked, st.integers(NOW_MS, NOW_MS + 400_000), st.just(WALL_S)),
    st.builds(QueueReady),
    st.builds(SaleInterrupted, HASHES, st.just("7Q2F-9KXM"), st.just(5)),
    st.builds(RequestOpened, REQUESTS),
    st.builds(RequestRefused, CODES),
    st.builds(PurseAdmitted, CARDS),
    st.builds(PurseDeclined, CARDS, CODES),
    st.builds(PaymentStored, STORED, st.one_of(st.none(), EVIDENCE)),
    st.builds(EvidenceRefused, HASHES, EVIDENCE, CODES, st.booleans()),
    st.builds(JournalFailed, CODES),
    st.builds(RiskChanged, st.just(Risk(5, 5, 5, 5))),
    st.builds(QueueListed, st.just(Listing())),
    st.builds(CardPresented, CARDS),
    st.builds(CardUnusable, CODES),
    st.builds(lambda card, of: CardDebited(card, *signed_by(of)), CARDS, CARDS),
    st.builds(CardDebited, CARDS, st.binary(max_size=80), st.binary(max_size=70)),
    st.builds(CardLost, CARDS, CODES),
    st.builds(CardRefused, CARDS, CODES),
    st.builds(TapTorn, CARDS, HASHES),
    st.builds(CardRenewed, CARDS),
    st.builds(CertificateFound, CARDS, st.just(CARD.certificate)),
    st.builds(CertificateMissing, CARDS),
    st.builds(Scanned, st.one_of(TEXTS, st.text(max_size=20))),
    st.builds(ReceiptArrived, HASHES, st.one_of(st.just(b"?"), st.binary(max_size=40))),
    st.builds(LinkChanged, st.sampled_from(Connection)),
    st.builds(SyncStarted),
    st.builds(SyncProgressed, st.integers(0, 9), st.integers(0, 9_000), st.none()),
    st.builds(ScanBroken),
    st.builds(SyncEnded, st.one_of(st.none(), CODES)),
    st.builds(PaymentsSettled, st.frozensets(HASHES)),
    st.builds(DeviceChanged, st.sampled_from(DeviceKind), st.one_of(st.none(), CODES)),
    st.builds(StartFailed, st.sampled_from(Part), CODES, st.booleans()),
    st.builds(WorkerDied, st.sampled_from(Part)),
    st.builds(SalesRead, st.just(Query()), st.just(Page((PAST_SALE,)))),
    st.builds(LifeRead, st.just(Life(PAST_SALE, True, ()))),
    st.builds(DayCounted, st.just(A_DAY)),
    st.builds(ReadingRefused, CODES),
    st.builds(OrderDone, st.just(CloseOrder(A_DAY)), st.just(A_DAY)),
    st.builds(OrderRefused, st.just(CloseOrder(A_DAY)), CODES),
    st.builds(
        lambda subject, stage, code: SlipChanged(SlipState(subject, stage, code)),
        SLIPS,
        st.sampled_from(Stage),
        st.one_of(st.none(), CODES),
    ),
    st.builds(SlipsInterrupted, st.tuples(SLIPS)),
    st.builds(ReceiptRead, HASHES, st.just("KS1:X")),
    st.builds(ReceiptUnread, HASHES, CODES),
)


class AnyOrder(RuleBasedStateMachine):
    """Events that make no sense together, from actors that have all gone mad."""

    def __init__(self) -> None:
        super().__init__()
        rule = SlipRule.ALWAYS
        self.till = Till(Selling(), now_ms=NOW_MS, wall_s=WALL_S, slip_rule=rule, has_drawer=True)
        self.stored: set[bytes] = set()
        self.seen: set[bytes | None] = set()
        self.unanswered = 0
        self.offered: set[bytes] = set()

    @rule(event=EVENTS)
    def happens(self, event: Event) -> None:
        if isinstance(event, PaymentStored):
            self.stored.add(event.stored.request_hash)
        if isinstance(event, RequestOpened | RequestRefused):
            self.unanswered = 0
        self.till, effects = step(self.till, event)
        for effect in effects:
            self._performed(effect)
        if isinstance(self.till.phase, Approved | Refused):
            self.seen.add(hash_of(self.till.phase))

    def _performed(self, effect: Effect) -> None:
        match effect:
            case OpenRequest():
                assert not self.unanswered, "a second request is asked for before the first came"
                self.unanswered = 1
            case StartListening(request):
                assert not self.offered, "two requests are offered at once"
                self.offered = {request.hash}
            case StopListening():
                self.offered.clear()
            case _:
                pass

    @invariant()
    def approved_was_stored(self) -> None:
        phase = self.till.phase.behind if isinstance(self.till.phase, Browsing) else self.till.phase
        if isinstance(phase, Approved):
            assert phase.stored.request_hash in self.stored

    @invariant()
    def no_stored_payment_is_dropped(self) -> None:
        waiting = {hash_of(news) for news in self.till.late}
        assert self.stored <= self.seen | waiting

    @invariant()
    def there_is_always_a_screen(self) -> None:
        show(self.till, FACE)

    @invariant()
    def the_customer_sees_paid_of_what_is_stored_only(self) -> None:
        seen, phase = show_customer(self.till, FACE), self.till.phase
        is_now = isinstance(phase, Approved) and not phase.is_earlier
        assert isinstance(seen, DisplayApproved) == is_now
        if isinstance(phase, Approved):
            assert phase.stored.request_hash in self.stored


class AWorld(RuleBasedStateMachine):
    """Purses that really spend and a journal that really keeps, with every kind of bad luck."""

    def __init__(self) -> None:
        super().__init__()
        self.world = World()

    @precondition(lambda self: isinstance(self.world.till.phase, Selling))
    @rule()
    def sells(self) -> None:
        self.world.happen(Pressed(Press.DIGIT_5))
        self.world.happen(Pressed(Press.PAY))

    @precondition(lambda self: isinstance(self.world.till.phase, ENDED))
    @rule(press=st.sampled_from([Press.NEW_SALE, Press.DISMISS, Press.PAY_AGAIN, Press.RETRY]))
    def goes_on(self, press: Press) -> None:
        self.world.happen(Pressed(press))

    @precondition(lambda self: isinstance(self.world.till.phase, Paying) and not self.world.spent)
    @rule()
    def cancels(self) -> None:
        self.world.happen(Pressed(Press.CANCEL))

    @precondition(lambda self: self.world.for_queue)
    @rule(declining=st.sampled_from([None, None, None, "purse_denied", "exceeds_credit"]))
    def queue(self, declining: str | None) -> None:
        self.world.queue_works(declining)

    @precondition(lambda self: self.world.for_line)
    @rule(is_found=st.booleans())
    def line(self, is_found: bool) -> None:
        self.world.line_works(is_found)

    @precondition(lambda self: self.world.for_line)
    @rule()
    def the_ledger_hangs(self) -> None:
        self.world.wait(2)

    @precondition(lambda self: self.world.for_card)
    @rule(how=st.sampled_from(["well", "tears before", "tears after", "leaves", "refuses"]))
    def card(self, how: str) -> None:
        self.world.card_works(how)

    @precondition(lambda self: self.world.listening and self.world.in_field is None)
    @rule(purse_id=st.sampled_from(PURSES))
    def taps(self, purse_id: bytes) -> None:
        self.world.present(purse_id)

    @precondition(lambda self: isinstance(self.world.till.phase, Debiting | HoldingAgain | Paying))
    @rule(is_shown=st.booleans())
    def pays_online(self, is_shown: bool) -> None:
        self.world.pay_online(is_shown)

    @precondition(lambda self: self.world.paid_online and not self.world.for_queue)
    @rule(is_shown=st.booleans(), which=st.integers(0, 9))
    def shows_the_receipt_again(self, is_shown: bool, which: int) -> None:
        paid = sorted(self.world.paid_online)
        request_hash = paid[which % len(paid)]
        self.world.receipt_comes(self.world.requests[request_hash], is_shown)

    @precondition(lambda self: isinstance(self.world.till.phase, WAITING))
    @rule(seconds=st.sampled_from([1, 46, 121]))
    def time_goes_on(self, seconds: int) -> None:
        self.world.wait(seconds)

    @precondition(lambda self: self.world.for_card)
    @rule()
    def the_reader_hangs(self) -> None:
        self.world.wait(11)

    @precondition(lambda self: self.world.disk_is_full or len(self.world.requests) % 3 == 2)
    @rule()
    def disk_fills_or_is_cleared(self) -> None:
        self.world.disk_is_full = not self.world.disk_is_full

    @invariant()
    def approved_is_in_the_journal(self) -> None:
        phase = self.world.till.phase
        if isinstance(phase, Approved):
            assert self.world.journal.get(phase.stored.request_hash)

    @invariant()
    def an_earlier_payment_never_looks_like_the_last_sales(self) -> None:
        phase, last = self.world.till.phase, self.world.last_offered
        if isinstance(phase, Approved) and not phase.is_earlier:
            assert last is not None
            assert phase.stored.request_hash == last.hash

    @invariant()
    def no_money_has_moved_means_that(self) -> None:
        phase = self.world.till.phase
        if isinstance(phase, Refused) and phase.problem.moved is Moved.NO:
            assert phase.request_hash is None or not self._moved(phase.request_hash)

    @invariant()
    def one_request_is_charged_to_one_card(self) -> None:
        for request_hash in self.world.requests:
            cards = {purse for purse, spent_on in self.world.spent if spent_on == request_hash}
            assert len(cards) <= 1

    @invariant()
    def every_won_that_moved_is_accounted_for(self) -> None:
        world = self.world
        if world.for_queue or world.for_card or not _is_between_sales(world.till):
            return
        for purse_id, request_hash in world.spent:
            on_record = {(purse_id, request_hash)} <= world.torn | world.witnessed
            # With no room on the disk the fault is on the screen, and the attempt stays open.
            assert on_record or world.holds_debit(purse_id, request_hash) or world.till.fault

    def _moved(self, request_hash: bytes) -> bool:
        spent_on = {each for _, each in self.world.spent}
        return request_hash in spent_on | self.world.paid_online


def _is_between_sales(till: Till) -> bool:
    return isinstance(till.phase, Selling | Approved | Refused)


TestAnyOrder = AnyOrder.TestCase
TestAnyOrder.settings = settings(max_examples=100, stateful_step_count=60)
TestAWorld = AWorld.TestCase
TestAWorld.settings = settings(max_examples=250, stateful_step_count=80)
