"""The views, one module for each area; BLUEPRINTS is the whole list."""

from web.views.account import account
from web.views.admin import admin
from web.views.documents import documents
from web.views.home import home
from web.views.jobs import jobs
from web.views.office import office
from web.views.printers import printers
from web.views.release import release

BLUEPRINTS = (account, home, jobs, documents, office, printers, release, admin)
