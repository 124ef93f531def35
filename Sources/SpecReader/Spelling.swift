/// Guesses what a misspelt word was meant to be.
public enum Spelling {
    /// The known word that another one may be a slip for; `nil` when none is near.
    public static func nearest(to word: String, among known: [String]) -> String? {
        known.filter { isNear($0, word) }.min { distance($0, word) < distance($1, word) }
    }

    /// Whether one word may be a slip for the other: two changes at most, and fewer than half of a short word.
    private static func isNear(_ left: String, _ right: String) -> Bool {
        distance(left, right) <= min(2, max(1, max(left.count, right.count) / 2))
    }

    /// Edit distance (Levenshtein).
    private static func distance(_ left: String, _ right: String) -> Int {
        let (left, right) = (Array(left), Array(right))
        var row = Array(0...right.count)
        for (i, character) in left.enumerated() {
            var diagonal = row[0]
            row[0] = i + 1
            for j in right.indices {
                let above = row[j + 1]
                row[j + 1] = min(above + 1, row[j] + 1, diagonal + (character == right[j] ? 0 : 1))
                diagonal = above
            }
        }
        return row[right.count]
    }
}
