import Testbed

/// Whether a suggested version of PostgreSQL would be held against another one. A base that names no version takes the
/// newest installed, and where that is the suggested one, both sides are the same and nothing says so.
package enum VersionCheck {
    /// A variant as it would be run.
    package struct Side {
        package let name: String
        /// PostgreSQL's first version number as its variant asks for it; `nil` takes what is there.
        package let asked: Int?
        /// By the name of a suggestion that is a part of it: the version that is suggested.
        package let suggested: [String: Int]
        /// First version number of the server that it would run on.
        package let major: Int

        package init(name: String, asked: Int?, suggested: [String: Int], major: Int) {
            (self.name, self.asked, self.suggested, self.major) = (name, asked, suggested, major)
        }
    }

    /// Refuses to hold a suggested version against itself.
    ///
    /// - Parameter sides: all that would be compared.
    /// - Throws: `ExperimentProblem` with one line: which suggestion, and the remedy.
    package static func check(_ sides: [Side]) throws {
        for side in sides {
            for (name, major) in side.suggested.sorted(by: { $0.key < $1.key }) {
                let same = sides.first { $0.suggested[name] == nil && $0.asked != major && $0.major == major }
                guard let same else { continue }
                throw ExperimentProblem(
                    "\(name): suggests PostgreSQL \(major), and \(same.name) would run on it, too, so that the version would be held against itself; name an older one in \(same.name)'s variant (postgres: {version: 15}), or take a base that asks for \(major) to see the rest of the suggestion"
                )
            }
        }
    }
}

extension CellSubject {
    /// The cell as ``VersionCheck`` sees it.
    ///
    /// - Parameters:
    ///   - name: of the cell.
    ///   - major: first version number of the server that it would run on.
    /// - Returns: the side.
    package func side(_ name: String, major: Int) -> VersionCheck.Side {
        VersionCheck.Side(name: name, asked: variant.postgresMajor, suggested: suggestedMajors, major: major)
    }
}

extension ComparisonRequest {
    /// Refuses to hold a suggested version against itself.
    ///
    /// - Throws: `ExperimentProblem` with one line: which suggestion, and the remedy.
    package func checkVersions() throws {
        try VersionCheck.check(
            sides.map { side in
                let (variant, name) = (side.trial.variant, side.trial.variant.name)
                return VersionCheck.Side(
                    name: side.name, asked: variant.postgresMajor,
                    suggested: variant.suggestedMajor.map { [name: $0] } ?? [:], major: side.trial.installation.major)
            })
    }
}
