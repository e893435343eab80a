"""The U diagram of a report: what it shows, where, as SVG and as a figure."""
