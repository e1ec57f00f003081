"""The assets: one module per table, in a package per schema; module name = table name, package = group.

Here: what each table is made from, and what its page in the UI shows. Not here: how rows are fetched (`client`),
validated (`landing`) or stored (`io_managers`). Modules build their assets when `definitions` asks them to.
"""
