"""From a request to an approved token: how it names its card, three votes, verification; or a portfolio at once."""
