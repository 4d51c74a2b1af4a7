package connect

// PoolSizes divides total query connections between administration and snapshots: a quarter, but 1 to 4, for administration.
// Snapshots never get fewer than that, so that the sum exceeds a total of 1.
func PoolSizes(total int) (admin, snapshot int) {
	admin = min(max(total/4, 1), 4)
	return admin, max(total-admin, admin)
}
