"""Turns a till's CSV rows into a report: clean, join with the price list, group, pivot, reshape by day."""
import io

import pandas as pd

PRICES = pd.DataFrame(
    {"sku": ["espresso", "latte", "scone", "tea"], "group": ["coffee", "coffee", "food", "tea"],
     "cents": [220, 340, 290, 250]}
)


class BadFeed(Exception):
    """The feed lacks what the report needs."""


def load(text):
    rows = pd.read_csv(io.StringIO(text), skipinitialspace=True)
    missing = sorted({"at", "sku", "count"} - set(rows.columns))
    if missing:
        raise BadFeed(f"columns missing from the feed: {', '.join(missing)}")
    rows["at"] = pd.to_datetime(rows["at"], utc=True)
    rows["count"] = pd.to_numeric(rows["count"], errors="coerce").fillna(0).astype("int64")
    return rows.merge(PRICES, on="sku", how="left", validate="many_to_one")


def report(rows):
    rows = rows.assign(total=rows["count"] * rows["cents"].fillna(0))
    by_day = rows.set_index("at").resample("D")["total"].sum()
    pivot = rows.pivot_table(index=rows["at"].dt.hour, columns="group", values="count", aggfunc="sum", fill_value=0)
    return {
        "rows": len(rows),
        "unknown": sorted(rows.loc[rows["cents"].isna(), "sku"].unique().tolist()),
        "by_day": {day.date().isoformat(): float(cents) / 100 for day, cents in by_day.items()},
        "by_group": {k: int(v) for k, v in rows.groupby("group")["count"].sum().items()},
        "by_hour": {int(hour): {k: int(v) for k, v in row.items()} for hour, row in pivot.iterrows()},
    }


def local_hours(rows, zone):
    at = rows["at"].dt.tz_convert(zone)
    return {"zone": zone, "first": at.min().isoformat(), "hours": sorted(at.dt.hour.unique().tolist())}


def table(rows):
    return {"html": rows[["sku", "count"]].head(3).to_html(index=False, border=0)}


def quarters(rows):
    from pandas.tseries.holiday import AbstractHolidayCalendar, Holiday, MO

    class Shop(AbstractHolidayCalendar):
        rules = [Holiday("New Year", month=1, day=1), Holiday("Spring", month=5, day=1, offset=pd.DateOffset(weekday=MO(1)))]

    closed = Shop().holidays(rows["at"].min().tz_localize(None).normalize(), pd.Timestamp("2027-01-02"))
    sold = rows.groupby(rows["at"].dt.tz_localize(None).dt.to_period("Q"))["count"].sum()
    return {"closed": [day.date().isoformat() for day in closed], "sold": {str(k): int(v) for k, v in sold.items()}}


ACTIONS = {"report": report, "table": table, "quarters": quarters}


def handler(event, context):
    rows = load(event["csv"])
    if "zone" in event:
        return local_hours(rows, event["zone"])
    return ACTIONS[event.get("action", "report")](rows)
