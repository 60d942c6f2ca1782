"""Lists the views, in the order of the navigation."""

from sceneburst.page.views import View, now, over_time

VIEWS: tuple[View, ...] = (
    now.VIEW,
    over_time.VIEW,
)
BY_NAME = {view.name: view for view in VIEWS}
