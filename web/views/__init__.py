"""The views, one module for each area; BLUEPRINTS is the whole list."""

from web.views.account import account
from web.views.admin import admin
from web.views.admin_accounts import admin_accounts
from web.views.admin_audit import admin_audit
from web.views.admin_background import admin_background
from web.views.admin_checkup import admin_checkup
from web.views.admin_grants import admin_grants
from web.views.admin_import import admin_import
from web.views.admin_offices import admin_offices
from web.views.admin_people import admin_people
from web.views.admin_plans import admin_plans
from web.views.admin_printers import admin_printers
from web.views.documents import documents
from web.views.emergency import emergency
from web.views.energy import energy
from web.views.home import home
from web.views.jobs import jobs
from web.views.limits import limits
from web.views.loans import loans
from web.views.office import office
from web.views.permits import permits
from web.views.plan_trials import plan_trials
from web.views.printers import printers
from web.views.probes import probes
from web.views.release import release
from web.views.report import report
from web.views.requests import requests
from web.views.scorecard import scorecard
from web.views.statement import account_statement
from web.views.supplies import supplies
from web.views.supply_counts import supply_counts
from web.views.supply_entries import supply_entries
from web.views.supply_orders import supply_orders
from web.views.supply_setup import supply_setup

BLUEPRINTS = (
    account,
    home,
    probes,
    jobs,
    release,
    documents,
    office,
    limits,
    loans,
    permits,
    account_statement,
    scorecard,
    report,
    emergency,
    energy,
    requests,
    printers,
    admin,
    admin_offices,
    admin_people,
    admin_accounts,
    admin_grants,
    admin_plans,
    plan_trials,
    admin_import,
    admin_printers,
    admin_background,
    admin_checkup,
    admin_audit,
    supplies,
    supply_orders,
    supply_entries,
    supply_counts,
    supply_setup,
)
