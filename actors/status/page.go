package status

import "leyden/internal/shape"

// Page is up to n shapes whose ids are greater than after, in the order of ids: a part of List that holds the lock for as
// long as n entries take. Who goes on after the last id of a page sees every shape that is there all the while once.
func (a *Authority) Page(after shape.ID, n int) []*Entry {
	a.mu.RLock()
	defer a.mu.RUnlock()
	n = min(n, a.ids.Len())
	if n <= 0 {
		return nil
	}
	page := make([]*Entry, 0, n)
	a.ids.From(uint64(after)+1, func(_ uint64, e *Entry) bool {
		page = append(page, e)
		return len(page) < n
	})
	return page
}
