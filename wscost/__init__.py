"""What WebSockets on Cloudflare Workers will cost, before the invoice says so."""

__version__ = "0.1.0"
