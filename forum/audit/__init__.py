"""Who did what, when. Plain ids, no names, no addresses."""
