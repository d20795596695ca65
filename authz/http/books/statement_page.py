"""A statement as a page to read and print."""

from html import escape

from authz.http.books.statement_views import StatementLine, StatementWithLines
from authz.printing.relief_in_words import relief_in_words
from tokenvault.reference_data.currencies import major_text

PAGE_HEADERS = {"Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'", "Vary": "Accept"}
"""The page needs nothing from elsewhere and runs nothing."""

_STYLE = """
:root{color-scheme:light;--ink:#1d2330;--dim:#667085;--line:#e3e6ec;--soft:#f6f7f9}
*{box-sizing:border-box}
body{font:15px/1.5 system-ui,sans-serif;color:var(--ink);margin:0 auto;max-width:52rem;padding:2.5rem 1.5rem}
header{display:flex;justify-content:space-between;align-items:baseline;gap:1rem;flex-wrap:wrap}
h1{font-size:1.5rem;margin:0}p{margin:.2rem 0;color:var(--dim)}code{font:13px ui-monospace,Menlo,Consolas,monospace}
dl{display:grid;grid-template-columns:repeat(3,1fr);gap:1px;background:var(--line);
border:1px solid var(--line);border-radius:8px;overflow:hidden;margin:1.5rem 0}
dl div{background:#fff;padding:.7rem .9rem}dt{color:var(--dim);font-size:.85rem}
dd{margin:0;font-size:1.15rem;font-weight:600;font-variant-numeric:tabular-nums}
table{border-collapse:collapse;width:100%;font-variant-numeric:tabular-nums}
th{color:var(--dim);font-weight:500;font-size:.85rem;text-align:left}
td,th{border-top:1px solid var(--line);padding:.4rem .6rem;vertical-align:top}
.amount{text-align:right;white-space:nowrap}tr.sum td{background:var(--soft);font-weight:600}
small{color:var(--dim)}tr{break-inside:avoid}
@media print{body{padding:0;max-width:none}}
"""


def statement_page(statement: StatementWithLines) -> str:
    """The page. Amounts are in major units of the account's currency."""
    currency = statement.currency
    about = {
        "Closing balance": major_text(statement.closing, currency),
        "Minimum": major_text(statement.minimum, currency),
        "Due by": statement.due_day.isoformat(),
        "Past due": major_text(statement.past_due, currency),
        "Interest": major_text(statement.interest, currency),
        "Missed minimums": str(statement.missed),
    }
    facts = "".join(f"<div><dt>{name}</dt><dd>{escape(value)}</dd></div>" for name, value in about.items())
    since = f"after {statement.since.isoformat()} up to" if statement.since else "up to"
    rows = "".join(_row(line, currency) for line in statement.lines)
    if statement.later_instalments:
        rows += _moved_row("Later instalments", statement.later_instalments, currency)
    relief = ""
    if statement.relief_until is not None:
        relief = f"<p>{relief_in_words(statement.relief_until.isoformat(), statement.relief_interest)}</p>"
    title = f"Statement of {statement.day.isoformat()}"
    return (
        '<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">'
        f"<title>{title}</title><style>{_STYLE}</style>"
        f"<header><h1>{title}</h1><p>Account <code>{escape(statement.account_id)}</code>, "
        f"product {statement.product}</p></header>"
        f"<p>Postings {since} {statement.day.isoformat()}, in {escape(currency)}</p><dl>{facts}</dl>{relief}"
        '<table><thead><tr><th>Day<th>Posting<th class="amount">Amount<th class="amount">Balance</tr></thead><tbody>'
        f"{_sum_row('Opening balance', statement.opening, currency)}{rows}"
        f"{_sum_row('Closing balance', statement.closing, currency)}</tbody></table></html>"
    )


def _row(line: StatementLine, currency: str) -> str:
    kind = line.kind.replace("_", " ").capitalize()
    where = ", ".join(escape(text) for text in (line.merchant_name, line.merchant_city) if text)
    what = f"{escape(kind)}<br><small>{where}</small>" if where else escape(kind)
    amounts = (major_text(minor, currency) for minor in (line.amount, line.balance))
    cells = "".join(f'<td class="amount">{amount}' for amount in amounts)
    return f"<tr><td>{line.day.isoformat()}<td>{what}{cells}</tr>"


def _moved_row(name: str, minor: int, currency: str) -> str:
    return f'<tr><td><td>{name}<td class="amount">{major_text(minor, currency)}<td></tr>'


def _sum_row(name: str, minor: int, currency: str) -> str:
    return f'<tr class="sum"><td><td>{name}<td><td class="amount">{major_text(minor, currency)}</tr>'
