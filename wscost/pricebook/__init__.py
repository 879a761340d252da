"""Price books: one product's prices through time, read from YAML, and the price list of any date.

``load_books`` reads them all; ``PriceBooks.price_list`` answers what a plan charged a deployment on a
date. Before the first known price there is none: an error, never the nearest one.
"""

from wscost.pricebook.form import PriceBook, read_book
from wscost.pricebook.shelf import PlanInfo, PriceBooks, load_books, validate_directory

__all__ = ["PlanInfo", "PriceBook", "PriceBooks", "load_books", "read_book", "validate_directory"]
