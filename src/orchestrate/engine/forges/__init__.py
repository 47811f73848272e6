"""What forges and other programs tell, turned into facts: one module for each way of telling it."""
