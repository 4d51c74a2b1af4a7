package where

// catalog is what a clause and the clauses of its subqueries know of tables. Each table is asked for once.
type catalog struct {
	find  Tables
	known map[tableName]*tableColumns
}

type tableName struct{ schema, name string }

// tableColumns is a table as an analyzer sees it.
type tableColumns struct {
	columns map[string]*Column
	labels  map[string][]string // of enums, by name
}

// newCatalog is nil where subqueries are not allowed.
func newCatalog(tables Tables) *catalog {
	if tables == nil {
		return nil
	}
	return &catalog{find: tables, known: map[tableName]*tableColumns{}}
}

func (c *catalog) table(name tableName) (*tableColumns, error) {
	if t := c.known[name]; t != nil {
		return t, nil
	}
	cols, err := c.find(name.schema, name.name)
	if err != nil {
		return nil, err
	}
	t := columnsOf(cols)
	c.known[name] = t
	return t, nil
}

func columnsOf(cols []Column) *tableColumns {
	t := &tableColumns{columns: make(map[string]*Column, len(cols)), labels: enumLabels(cols)}
	for i := range cols {
		t.columns[cols[i].Name] = &cols[i]
	}
	return t
}
