"""Reads product pages: parses the HTML of the event and prepares the requests a crawler would send next. No network."""
from urllib.parse import urljoin

import requests
from bs4 import BeautifulSoup
from lxml import etree

SESSION = requests.Session()
SESSION.headers.update({"User-Agent": "shop-reader/1.0", "Accept-Language": "en"})
AGENT_RULES = """
<schema xmlns="http://purl.oclc.org/dsdl/schematron">
  <pattern><rule context="item">
    <assert test="@sku">an item needs a sku</assert>
    <assert test="number(price) &gt; 0">a price is above zero</assert>
  </rule></pattern>
</schema>
"""


class BadPage(Exception):
    """The page is not a shop page."""


def products(html, base):
    page = BeautifulSoup(html, "lxml")
    shop = page.select_one("main.shop")
    if shop is None:
        raise BadPage(f"{base}: no shop on this page")
    items = []
    for card in shop.select("article[data-sku]"):
        price = card.select_one(".price")
        items.append({
            "sku": card["data-sku"],
            "name": card.h2.get_text(" ", strip=True),
            "cents": round(float(price.get_text(strip=True).lstrip("$")) * 100) if price else None,
            "link": urljoin(base, card.a["href"]) if card.a else None,
        })
    return items


def next_requests(items, base):
    prepared = []
    for item in items:
        if item["link"]:
            request = requests.Request("GET", item["link"], params={"sku": item["sku"], "q": "größe"}, cookies={"s": "1"})
            ready = SESSION.prepare_request(request)
            prepared.append({"url": ready.url, "headers": {k: ready.headers[k] for k in sorted(ready.headers)}})
    return prepared


def feed(xml):
    root = etree.fromstring(xml.encode(), etree.XMLParser(resolve_entities=False, no_network=True))
    return {"count": int(root.xpath("count(//item)")), "total": root.xpath("sum(//item/price)")}


def validate(xml):
    from lxml import isoschematron

    rules = isoschematron.Schematron(etree.fromstring(AGENT_RULES), store_report=True)
    valid = rules.validate(etree.fromstring(xml.encode()))
    failed = rules.validation_report.xpath("//*[local-name()='failed-assert']/*[local-name()='text']/text()")
    return {"valid": bool(valid), "failed": [text.strip() for text in failed]}


def handler(event, context):
    if "xml" in event:
        return validate(event["xml"]) if event.get("validate") else feed(event["xml"])
    items = products(event["html"], event["base"])
    return {"items": items, "next": next_requests(items, event["base"])}
