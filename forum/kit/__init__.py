"""The cellar: clock, links, tokens, words. No tables; imports Django only."""
