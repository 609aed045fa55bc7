package verify

import (
	"context"
	"sync"

	"golang.org/x/sync/errgroup"
)

// pool runs jobs on a fixed number of workers. Jobs only wait for files; case.db
// is read by the goroutine that hands them out.
type pool struct {
	jobs chan func(*worker) error
	ctx  context.Context
	g    *errgroup.Group
	once sync.Once
}

// newPool starts the workers; tell is told how many bytes they read, unless nil.
func (v *verifier) newPool(tell func(int64)) *pool {
	p := &pool{jobs: make(chan func(*worker) error)}
	p.g, p.ctx = errgroup.WithContext(v.ctx)
	for range v.o.Jobs {
		w := &worker{v: v, tell: tell}
		p.g.Go(func() error {
			defer w.close()
			for job := range p.jobs {
				if err := job(w); err != nil {
					return err
				}
			}
			return nil
		})
	}
	return p
}

// submit hands a job to the next free worker.
func (p *pool) submit(job func(*worker) error) error {
	select {
	case p.jobs <- job:
		return nil
	case <-p.ctx.Done():
		return p.wait()
	}
}

// wait ends the pool and returns the first error of a job.
func (p *pool) wait() error {
	p.once.Do(func() { close(p.jobs) })
	return p.g.Wait()
}
