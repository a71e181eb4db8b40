"""The page, the technician page, the API and the scrape: everything that netmon serves over HTTP."""
