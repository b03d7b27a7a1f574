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
        done: Vec::new(),
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
    /// How far each column is on the path that is searched for; not a number once that is certain.
    distance: Vec<f64>,
    /// The row over which a column was reached.
    before: Vec<u32>,
    /// The columns whose distance is certain, and how far they are.
    done: Vec<(usize, f64)>,
}

impl Solver<'_> {
    /// Gives each free row its cheapest column and lowers the column's potential by as much as the row's second
    /// choice is worse. Rows that lose their column that way go on at once; who is left over is given back.
    fn reduce(&mut self, free: Vec<usize>) -> Vec<usize> {
        let mut left = Vec::new();
        // With rounding two rows could take a column from each other for ever; paths settle what is left then.
        let mut steps = 8 * (free.len() + self.gains.columns);
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
        self.distance.fill(f64::INFINITY);
        self.done.clear();
        // Who would stay alone at the end of the path, and how far that is.
        let (mut alone, mut alone_at) = (row, 0.0);
        let (mut owner, mut offset, mut found) = (row, 0.0, None);
        while let Some((column, at)) = self.reach(owner, offset).filter(|(_, at)| *at < alone_at) {
            let Some(next) = self.row_of[column] else {
                found = Some((column, at));
                break;
            };
            self.distance[column] = f64::NAN;
            self.done.push((column, at));
            owner = next;
            offset = at - (self.gains.row(owner)[column] - self.potential[column]);
            if offset < alone_at {
                (alone, alone_at) = (owner, offset);
            }
        }
        let end = found.map_or(alone_at, |(_, at)| at);
        for (column, at) in &self.done {
            self.potential[*column] += at - end;
        }
        let start = found.map(|(column, _)| column).or_else(|| self.column_of[alone].take());
        self.shift(row, start);
    }

    /// Goes on from a row to all columns that are open, and gives the nearest of them.
    fn reach(&mut self, row: usize, offset: f64) -> Option<(usize, f64)> {
        // Rows and columns are fewer than 2^32, or the costs would not fit into memory.
        let from = u32::try_from(row).unwrap_or(u32::MAX);
        let (mut nearest, mut least) = (None, f64::INFINITY);
        let costs = self.gains.row(row).iter().zip(&self.potential);
        let reached = self.distance.iter_mut().zip(self.before.iter_mut());
        for (column, ((cost, potential), (distance, before))) in costs.zip(reached).enumerate() {
            let over = cost - potential + offset;
            // A closed column's distance is not a number, which is neither farther nor nearer than any.
            if over < *distance {
                (*distance, *before) = (over, from);
            }
            if *distance < least {
                (nearest, least) = (Some(column), *distance);
            }
        }
        Some((nearest?, least))
    }

    /// Hands the columns along the path back from its end.
    fn shift(&mut self, row: usize, end: Option<usize>) {
        let mut column = end;
        while let Some(at) = column {
            let owner = self.before[at] as usize;
            self.row_of[at] = Some(owner);
            column = self.column_of[owner].replace(at);
            if owner == row {
                break;
            }
        }
    }
}
