"""The assets, in a package per schema: SQL file = table name, package = group; a table without SQL has a module.

Add here how a table is computed and what its page in the UI shows. Fetching rows is in `client`, validating them in
`landing`, storing them in `io_managers`. Modules build their assets only when `definitions` asks for them.
"""
