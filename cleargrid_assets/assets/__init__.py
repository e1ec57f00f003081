"""The assets: one module per table, in a package per schema; module name = table name, package = group.

Add here how a table is computed and what its page in the UI shows. Fetching rows is in `client`, validating them in
`landing`, storing them in `io_managers`. Modules build their assets only when `definitions` asks for them.
"""
