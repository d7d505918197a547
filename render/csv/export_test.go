package csv

var (
	Safe  = safe
	Plain = plain
)

const MaxOpen = maxOpen
