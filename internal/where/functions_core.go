package where

// What the grammar calls on its own account. The numbers are stored in compiled clauses.
const (
	fnLikeEscape callID = groupCore | 1
)

func coreFunctions() []function {
	return []function{
		{fnLikeEscape, "like_escape", asFunction, in(tText, tText), tText, strict},
	}
}
