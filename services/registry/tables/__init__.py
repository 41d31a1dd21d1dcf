"""What the registry keeps, at one look: the truth about agencies, orders, seekers, places and who signs in."""

from services.registry.tables.accounts import Account
from services.registry.tables.agencies import Agency, SavedMapping, StreamLoss, Upload
from services.registry.tables.base import Table
from services.registry.tables.bookings import Booking, CalendarFeed, RoomUse, RoomWatch, RoomWish
from services.registry.tables.contacts import Contact, FailingAddress
from services.registry.tables.ground import GroundLayer, PromotionDistrict
from services.registry.tables.orders import (
    ClockMark,
    Defaulter,
    JobOrder,
    JobOrderRevision,
    Posting,
    PostingRevision,
    Submission,
)
from services.registry.tables.people import AuditHead, AuditRow, Consent, KeptByLaw, Seeker, VaultItem, VaultKey
from services.registry.tables.places import (
    Cafe,
    CafeAgreement,
    CafeClosure,
    CafeStage,
    PartnerApplication,
    PartnerCall,
    Room,
)
from services.registry.tables.plans import PlanEntry
from services.registry.tables.programs import Enrolment, ProgramProposal, ProgramSession, SessionOpinion, SessionUse
from services.registry.tables.referrals import Referral, ReferralStep
from services.registry.tables.seasons import HiringSeason, SeasonRematch

__all__ = [
    "Account",
    "Agency",
    "AuditHead",
    "AuditRow",
    "Booking",
    "Cafe",
    "CafeAgreement",
    "CafeClosure",
    "CafeStage",
    "CalendarFeed",
    "ClockMark",
    "Consent",
    "Contact",
    "Defaulter",
    "Enrolment",
    "FailingAddress",
    "GroundLayer",
    "HiringSeason",
    "JobOrder",
    "JobOrderRevision",
    "KeptByLaw",
    "PartnerApplication",
    "PartnerCall",
    "PlanEntry",
    "Posting",
    "PostingRevision",
    "ProgramProposal",
    "ProgramSession",
    "PromotionDistrict",
    "Referral",
    "ReferralStep",
    "Room",
    "RoomUse",
    "RoomWatch",
    "RoomWish",
    "SavedMapping",
    "SeasonRematch",
    "Seeker",
    "SessionOpinion",
    "SessionUse",
    "StreamLoss",
    "Submission",
    "Table",
    "Upload",
    "VaultItem",
    "VaultKey",
]
