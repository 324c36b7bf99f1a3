"""The views, one module for each area; BLUEPRINTS is the whole list."""

from web.views.account import account
from web.views.admin import admin
from web.views.admin_audit import admin_audit
from web.views.admin_background import admin_background
from web.views.admin_checkup import admin_checkup
from web.views.admin_grants import admin_grants
from web.views.admin_offices import admin_offices
from web.views.admin_people import admin_people
from web.views.admin_printers import admin_printers
from web.views.documents import documents
from web.views.home import home
from web.views.jobs import jobs
from web.views.office import office
from web.views.printers import printers
from web.views.probes import probes
from web.views.release import release
from web.views.scorecard import scorecard
from web.views.statement import account_statement

BLUEPRINTS = (
    account,
    home,
    probes,
    jobs,
    release,
    documents,
    office,
    account_statement,
    scorecard,
    printers,
    admin,
    admin_offices,
    admin_people,
    admin_grants,
    admin_printers,
    admin_background,
    admin_checkup,
    admin_audit,
)
