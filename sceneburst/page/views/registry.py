"""Lists the views, in the order of the navigation."""

from sceneburst.page.view import View
from sceneburst.page.views import now, over_time
from sceneburst.page.views.containers import fleet, single
from sceneburst.page.views.dead import letters, one as letter
from sceneburst.page.views.jobs import listing, one as job
from sceneburst.page.views.steering import audit, checks, keys, settings, steer

VIEWS: tuple[View, ...] = (
    now.VIEW,
    over_time.VIEW,
    listing.VIEW,
    job.VIEW,
    letters.VIEW,
    letter.VIEW,
    fleet.VIEW,
    single.VIEW,
    steer.VIEW,
    audit.VIEW,
    settings.VIEW,
    checks.VIEW,
    keys.VIEW,
)
BY_NAME = {view.name: view for view in VIEWS}
