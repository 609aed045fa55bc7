package search

import "math"

// score works out the scores of all hits by BM25 (Robertson and Zaragoza, The
// Probabilistic Relevance Framework, 2009) with k1 = 1.2 and b = 0.75. A term's
// frequency counts where it is a substring, the length is that of the searched
// text in bytes, folded; the mean is that of the hits.
func (s *searcher) score() {
	const k1, b = 1.2, 0.75
	terms := len(s.q.scored())
	var with [maxTerms]int64
	var hits, length int64
	for _, p := range s.parts {
		for i := range p.stats {
			hits++
			length += int64(p.stats[i].length)
			for t := range terms {
				if p.stats[i].found[t] > 0 {
					with[t]++
				}
			}
		}
	}
	mean := math.Max(float64(length)/math.Max(float64(hits), 1), 1)
	var weight [maxTerms]float64
	for t := range terms {
		weight[t] = math.Log(1 + (float64(s.sum.Records-with[t])+0.5)/(float64(with[t])+0.5))
	}
	for _, p := range s.parts {
		p.scores = make([]float64, len(p.stats))
		for i, st := range p.stats {
			norm := k1 * (1 - b + b*float64(st.length)/mean)
			for t := range terms {
				// The conversions keep compilers from rounding once less on some machines.
				tf := float64(st.found[t])
				p.scores[i] += float64(weight[t] * float64(tf*(k1+1)) / float64(tf+norm))
			}
		}
		p.stats = nil
	}
}
