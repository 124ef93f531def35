extension String {
    /// The text with some of its code points written otherwise.
    ///
    /// By code points, not by characters: `<` with an accent upon it is a character of its own to Swift, but whoever reads
    /// HTML, Markdown or CSV sees the `<`.
    ///
    /// - Parameter rewrite: what stands for a code point; `nil` for itself.
    /// - Returns: the text that is safe to join with others.
    func rewritten(_ rewrite: (Unicode.Scalar) -> String?) -> String {
        var view = String.UnicodeScalarView()
        for scalar in unicodeScalars {
            if let replacement = rewrite(scalar) {
                view.append(contentsOf: replacement.unicodeScalars)
            } else {
                view.append(scalar)
            }
        }
        return String(view)
    }
}

extension Unicode.Scalar {
    /// Whether it is a control code, such as a line break.
    var isControl: Bool { properties.generalCategory == .control }

    /// Whether a line ends with it.
    var isLineBreak: Bool { Character(self).isNewline }
}
