"""Everything matched anew beside the live flow, here or on a cluster, and what becomes of former lists."""
