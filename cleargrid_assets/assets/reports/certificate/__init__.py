"""The certificate of a month: what a load received and what became of it, as one JSON file and one page.

`certificate` is the document, `evidence` what the warehouse shows of a month, `verification` compares the two, and
`page` prints a certificate. The asset that writes them is `month_certificates`.
"""
