"""`make attack`: what a hostile tester with the source code tries, against a private instance of the product."""
