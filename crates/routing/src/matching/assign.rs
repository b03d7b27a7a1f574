//! The best assignment of rows to columns.
//!
//! Shortest augmenting paths with potentials after augmenting row reduction: Jonker and Volgenant, "A shortest
//! augmenting path algorithm for dense and sparse linear assignment problems" (Computing 38, 1987). Ours differs
//! in two points: there may be more rows than columns or fewer, so their column reduction, which is for squares,
//! is left out; and each row may stay alone at a gain of 0, so impossible pairs need no invented cost.

/// What each pair of a row and a column is worth; at or below 0, or not a number, means that the row rather stays
/// alone.
#[derive(Clone, Debug, PartialEq)]
pub struct Gains {
    rows: usize,
    columns: usize,
    /// The costs, row after row: the gains' negatives; infinite where a pair is impossible.
    costs: Vec<f64>,
}

impl Gains {
    /// All pairs impossible.
    pub fn new(rows: usize, columns: usize) -> Self {
        Self { rows, columns, costs: vec![f64::INFINITY; rows * columns] }
    }

    /// Sets what a pair is worth.
    pub fn set(&mut self, row: usize, column: usize, gain: f64) {
        if gain > 0.0
            && column < self.columns
            && let Some(cost) = self.costs.get_mut(row * self.columns + column)
        {
            *cost = -gain;
        }
    }

    /// What a pair is worth; 0 when it is impossible.
    pub fn get(&self, row: usize, column: usize) -> f64 {
        self.costs.get(row * self.columns + column).filter(|cost| cost.is_finite()).map_or(0.0, |cost| -cost)
    }

    fn row(&self, row: usize) -> &[f64] {
        &self.costs[row * self.columns..(row + 1) * self.columns]
    }
}

/// For each row its column, such that no column is taken twice and the sum of the gains is the largest possible.
pub fn assign(gains: &Gains) -> Vec<Option<usize>> {
    let rows = gains.rows;
    let mut solver = Solver {
        gains,
        potential: vec![0.0; gains.columns],
        column_of: vec![None; rows],
        row_of: vec![None; gains.columns],
        distance: vec![0.0; gains.columns],
        before: vec![0; gains.columns],
        order: (0..gains.columns).collect(),
    };
    let mut free: Vec<usize> = (0..rows).collect();
    for _ in 0..REDUCTIONS {
        free = solver.reduce(free);
    }
    for row in free {
        solver.augment(row);
    }
    solver.column_of
}

/// How often the free rows are gone through before paths are searched; two is what the authors found best.
const REDUCTIONS: usize = 2;

struct Solver<'a> {
    gains: &'a Gains,
    /// Never above 0, and 0 for a column that nobody has.
    potential: Vec<f64>,
    column_of: Vec<Option<usize>>,
    row_of: Vec<Option<usize>>,
    distance: Vec<f64>,
    /// The row over which a column was reached.
    before: Vec<usize>,
    /// The columns; those that were reached for good come first.
    order: Vec<usize>,
}

impl Solver<'_> {
    /// Gives each free row its cheapest column and lowers the column's potential by as much as the row's second
    /// choice is worse. Rows that lose their column that way go on at once; who is left over is given back.
    fn reduce(&mut self, free: Vec<usize>) -> Vec<usize> {
        let mut left = Vec::new();
        // With rounding two rows could take a column from each other for ever; paths settle what is left then.
        let mut steps = 4 * (free.len() + self.gains.columns);
        for mut row in free {
            loop {
                let (mut first, mut second, mut best) = (0.0_f64, f64::INFINITY, None);
                for (column, (cost, potential)) in self.gains.row(row).iter().zip(&self.potential).enumerate()
                {
                    let reduced = cost - potential;
                    if reduced < second {
                        if reduced < first {
                            (second, first, best) = (first, reduced, Some(column));
                        } else {
                            second = reduced;
                        }
                    }
                }
                // Staying alone is the best, and nobody else can want that place.
                let Some(column) = best else { break };
                self.potential[column] -= second - first;
                let loser = self.row_of[column].replace(row);
                self.column_of[row] = Some(column);
                let Some(loser) = loser else { break };
                self.column_of[loser] = None;
                steps = steps.saturating_sub(1);
                if second > first && steps > 0 {
                    row = loser;
                } else {
                    left.push(loser);
                    break;
                }
            }
        }
        left
    }

    /// Finds the cheapest way to give `row` a place, moving others if need be.
    fn augment(&mut self, row: usize) {
        for (column, cost) in self.gains.row(row).iter().enumerate() {
            self.distance[column] = cost - self.potential[column];
            self.before[column] = row;
        }
        // Who would stay alone at the end of the path, and how far that is.
        let (mut alone, mut alone_at) = (row, 0.0);
        let (mut done, mut found) = (0, None);
        loop {
            let nearest = (done..self.order.len())
                .min_by(|a, b| self.distance[self.order[*a]].total_cmp(&self.distance[self.order[*b]]));
            let Some(place) = nearest else { break };
            let column = self.order[place];
            let at = self.distance[column];
            if at >= alone_at {
                break;
            }
            let Some(owner) = self.row_of[column] else {
                found = Some(column);
                break;
            };
            self.order.swap(done, place);
            done += 1;
            let costs = self.gains.row(owner);
            let offset = at - (costs[column] - self.potential[column]);
            if offset < alone_at {
                (alone, alone_at) = (owner, offset);
            }
            for next in &self.order[done..] {
                let distance = costs[*next] - self.potential[*next] + offset;
                if distance < self.distance[*next] {
                    self.distance[*next] = distance;
                    self.before[*next] = owner;
                }
            }
        }
        let end = found.map_or(alone_at, |column| self.distance[column]);
        for column in &self.order[..done] {
            self.potential[*column] += self.distance[*column] - end;
        }
        let start = found.or_else(|| self.column_of[alone].take());
        self.shift(row, start);
    }

    /// Hands the columns along the path back from its end.
    fn shift(&mut self, row: usize, end: Option<usize>) {
        let mut column = end;
        while let Some(at) = column {
            let owner = self.before[at];
            self.row_of[at] = Some(owner);
            column = self.column_of[owner].replace(at);
            if owner == row {
                break;
            }
        }
    }
}
