"""Paper and toner in stock: purchase, receipt, issue, stocktaking, cartridges, variance."""
