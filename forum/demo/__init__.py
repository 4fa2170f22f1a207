"""The demo: invented people and meetings to try the portal with, and an inbox that shows everybody's mail."""
