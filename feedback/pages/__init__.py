"""From what reports found to what templates say: words, addresses and keys. Nothing here asks the database."""
