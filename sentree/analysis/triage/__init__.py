"""The triage scenario: CVEs ranked by an explained score, with SSVC decisions."""
