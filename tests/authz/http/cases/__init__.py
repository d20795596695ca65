"""Tests of cases over HTTP."""
