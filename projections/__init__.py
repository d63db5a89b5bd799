"""Who remembers for readers: event topics folded into Postgres tables, one folder per question.

`<question>/tables.py` says which rows there are, `<question>/apply.py` what each event does to them (pure).
`projector_loop.py` writes rows and position in one fenced transaction; `rebuild.py` rebuilds tables beside the live.
"""
